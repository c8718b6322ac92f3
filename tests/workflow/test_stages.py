"""The forecast of a whole plan, held against what the real conversion of small data leaves on disk."""

from pathlib import Path

import pytest

from bridgelib.config.settings import load_settings
from bridgelib.conversion.conversion_speed import probe
from bridgelib.conversion.raw_to_numpy import Settings, convert_tree
from bridgelib.conversion.task_shards import Settings as TaskSettings
from bridgelib.conversion.tfrecord_tree import convert_tree as convert_shards
from bridgelib.raw.tree import find_tasks
from bridgelib.sim.demonstrations import write_dated_folder
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stage import Probe, Slots
from bridgelib.workflow.stages import checkpoints, stages
from tests import raw_trees

SLOTS = Slots(cores=4, gpus=0)
SESSIONS = ("2021-08-02_10-00-00", "2021-08-03_10-00-00")


@pytest.fixture
def planned(tmp_path, repository, monkeypatch):
    """Makes a fresh plan of a machine with these keys; its roots lie in the working directory."""
    (tmp_path / "raw").mkdir()
    monkeypatch.chdir(tmp_path)

    def plan(**keys) -> WorkflowPlan:
        profile = {
            **{root: str(tmp_path / root) for root in ("raw", "numpy", "tfrecord", "runs")},
            "jax_platform": "cpu",
        }
        settings = load_settings({"machine": "demo", "env": "current", **profile, **keys}, repository, environ={})
        return WorkflowPlan(settings, repository)

    return plan


@pytest.fixture
def real(tmp_path, repository, monkeypatch):
    """The same for a machine with a raw tree of its own; a profile that simulates nothing."""
    (tmp_path / "mine.yaml").write_text("raw: raw\nnumpy: numpy\ntfrecord: tfrecord\nruns: runs\njax_platform: cpu\n")
    monkeypatch.chdir(tmp_path)

    def plan(**keys) -> WorkflowPlan:
        settings = {"machine": str(tmp_path / "mine.yaml"), "env": "current", **keys}
        return WorkflowPlan(load_settings(settings, repository, environ={}), repository)

    return plan


def by_name(plan: WorkflowPlan, measured: Probe | None = None) -> dict:
    return {stage.name: stage for stage in stages(plan, SLOTS, measured)}


def test_no_job_runs_here_where_a_cluster_runs_them(planned):
    assert {each.concurrent for each in stages(planned(), Slots(cores=1, gpus=0, elsewhere=True))} == {0}


def test_trainings_that_could_not_be_timed_are_counted_beside_those_that_were(planned):
    """Before its instructions are embedded, lc_bc cannot be tried."""
    plan, some = planned(), {"bc_demo": 100.0, "blind_demo": 60.0}
    (training,) = (stage for stage in stages(plan, SLOTS, None, some) if stage.name == "train_policy")
    assert (training.seconds, training.untimed, training.jobs) == (160.0, 2, 4)  # one after the other: cores are shared
    (training,) = (stage for stage in stages(plan, SLOTS) if stage.name == "train_policy")
    assert (training.seconds, training.untimed) == (None, 0)


def on_disk(folder: Path) -> tuple[int, int]:
    """Bytes of the files below a folder, and how many files and folders there are."""
    paths = list(folder.rglob("*"))
    return sum(path.stat().st_size for path in paths if path.is_file()), len(paths)


def convert(plan: WorkflowPlan) -> None:
    """Both steps, as the workflow does them."""
    machine = plan.machine
    tree = find_tasks(Path(machine.raw), machine.depth)
    convert_tree(tree, Path(machine.numpy), Settings(machine.im_size, machine.cameras), workers=2)
    settings = TaskSettings(machine.im_size, machine.train_proportion, 0, machine.image_encoding)
    convert_shards(Path(machine.numpy), Path(machine.tfrecord), settings, machine.depth, 1)


@pytest.mark.parametrize("noise", [0.0, 0.012])
def test_the_demo_is_as_large_as_forecast_before_it_is_simulated(planned, noise):
    simulation = {"demonstrations": 24, "dated_folders": 2, "image_size": [48, 64], "action_noise": noise}
    plan = planned(simulation=simulation, im_size=64)
    before = by_name(plan)
    for entry in plan.simulation.values():
        write_dated_folder(Path(plan.machine.raw), entry)
    convert(plan)
    for name, root in (
        ("simulate_demonstrations", "raw"),
        ("raw_to_numpy", "numpy"),
        ("numpy_to_tfrecord", "tfrecord"),
    ):
        size, files = on_disk(Path(getattr(plan.machine, root)))
        assert before[name].disk_bytes == pytest.approx(size, rel=0.1), name
        assert before[name].files == pytest.approx(files, rel=0.1, abs=4), name
    assert [before[name].jobs for name in ("simulate_demonstrations", "raw_to_numpy", "numpy_to_tfrecord")] == [4, 4, 2]
    after = by_name(planned(simulation=simulation, im_size=64))
    for name in ("simulate_demonstrations", "raw_to_numpy", "numpy_to_tfrecord"):
        assert (after[name].jobs, after[name].disk_bytes, after[name].ram_bytes) == (0, 0, 0), name


@pytest.mark.parametrize(("im_size", "encoding"), [(64, "raw"), (128, "jpeg"), (256, "raw"), (256, "jpeg")])
def test_the_real_sample_is_as_large_as_forecast(real, shared, im_size, encoding):
    keys = {"raw": str(shared / "bridge-sample" / "raw"), "im_size": im_size, "image_encoding": encoding}
    plan = real(**keys)
    assert (plan.survey.trajectories, plan.survey.uncertainty, plan.survey.frame_size) == (21, 0, (64, 64))
    speed = probe(Path(plan.machine.raw), plan.survey.samples, Settings(im_size), encoding, 2, seconds=0.5)
    measured = Probe(speed.raw_to_numpy, speed.numpy_to_tfrecord, speed.jpeg_frame)
    before = by_name(plan, measured)
    convert(plan)
    for name, root in (("raw_to_numpy", plan.machine.numpy), ("numpy_to_tfrecord", plan.machine.tfrecord)):
        size, files = on_disk(Path(root))
        assert before[name].disk_bytes == pytest.approx(size, rel=0.1), name
        assert before[name].files == pytest.approx(files, rel=0.1, abs=4), name
        assert before[name].seconds > 0
    larger = by_name(real(**{**keys, "im_size": 2 * im_size}))
    assert larger["raw_to_numpy"].jobs == 8 and larger["numpy_to_tfrecord"].jobs == 4  # all must be made again


def test_only_what_is_missing_counts(real, tmp_path):
    for seed, date in enumerate(SESSIONS):
        raw_trees.write_dated_folder(tmp_path / "raw", "task", date, trajectories=4, seed=100 * seed, actions=9)
    convert(real(im_size=32))
    (tmp_path / "numpy" / "task" / f"{SESSIONS[1]}.npz").unlink()
    left = by_name(real(im_size=32))
    assert left["raw_to_numpy"].jobs == 1
    assert left["raw_to_numpy"].disk_bytes == pytest.approx(4 * 10 * 3 * 32 * 32, rel=0.1)
    # Its task's TFRecords will be made again, and be as large as they are.
    assert left["numpy_to_tfrecord"].jobs == 1 and left["numpy_to_tfrecord"].disk_bytes < 3_000


def test_what_was_rejected_or_never_there_is_not_still_to_be_made(real, tmp_path):
    for trajectory in raw_trees.write_dated_folder(tmp_path / "raw", "broken", trajectories=2, actions=9):
        (trajectory / "images0" / "im_1.jpg").write_bytes(b"")
    (tmp_path / "raw" / "aborted" / SESSIONS[0]).mkdir(parents=True)
    assert [by_name(real(im_size=32))[name].jobs for name in ("raw_to_numpy", "numpy_to_tfrecord")] == [2, 2]
    convert(real(im_size=32))
    left = by_name(real(im_size=32))
    for name in ("raw_to_numpy", "numpy_to_tfrecord"):
        assert (left[name].jobs, left[name].disk_bytes) == (0, 0), name


@pytest.mark.parametrize(
    ("date", "shift", "left"), [("2021-06-15_09-00-00", "auto", 1), (SESSIONS[0], "auto", 0), (SESSIONS[0], 1, 1)]
)
def test_a_latency_shift_costs_each_trajectory_a_frame(real, tmp_path, date, shift, left):
    raw_trees.write_dated_folder(tmp_path / "raw", "task", date, trajectories=4, actions=9)
    assert real(latency_shift=shift).survey.frames == 4 * (10 - left)


def test_of_many_trajectories_few_are_listed_and_the_error_is_told(real, tmp_path, monkeypatch):
    """Two tasks of 40 trajectories with 1 to 40 frames; three of each may be looked at, or twelve."""
    monkeypatch.setattr("bridgelib.workflow.survey.SAMPLED", 6)
    for task in ("close_drawer", "open_drawer"):
        for number in range(40):
            images = tmp_path / "raw" / task / SESSIONS[0] / "raw" / "traj_group0" / f"traj{number}" / "images0"
            images.mkdir(parents=True)
            for frame in range(1 + (number * 17) % 40):
                (images / f"im_{frame}.jpg").touch()
    true = 2 * sum(range(1, 41))
    few = real().survey
    assert len(few.samples) == 6 and few.uncertainty > 0.2
    assert abs(few.frames - true) <= 1.5 * few.uncertainty * few.frames
    monkeypatch.setattr("bridgelib.workflow.survey.SAMPLED", 24)
    more = real().survey
    assert len(more.samples) == 24 and more.uncertainty < few.uncertainty
    monkeypatch.setattr("bridgelib.workflow.survey.SAMPLED", 80)
    assert (real().survey.frames, real().survey.uncertainty) == (true, 0)


def test_jobs_at_once_follow_from_cores_and_threads(real, tmp_path):
    for task in ("a_task", "b_task", "c_task"):
        raw_trees.write_dated_folder(tmp_path / "raw", task, trajectories=1)
    machine = real(workers=2, tfrecord_workers=1)
    assert by_name(machine)["raw_to_numpy"].concurrent == 2  # 4 cores, 2 threads each
    assert by_name(machine)["numpy_to_tfrecord"].concurrent == 3  # no more than tasks
    assert by_name(real(workers=64))["raw_to_numpy"].concurrent == 1


def test_runs_count_their_checkpoints_less_what_is_there(planned, tmp_path):
    plan = planned()
    before = by_name(plan)["train_policy"]
    total = sum(each.total for each in checkpoints(plan).values())
    metrics = 4 * 2_000_000  # beside checkpoints of this size, not to be neglected
    assert before.jobs == 4 and before.disk_bytes == pytest.approx(total + metrics, rel=0.05)
    run = tmp_path / "runs" / "bc_demo"
    (run / "latest" / "checkpoints").mkdir(parents=True)
    (run / "latest" / "checkpoints" / "step-000000200.msgpack").write_bytes(bytes(1_000_000))
    assert before.disk_bytes - by_name(plan)["train_policy"].disk_bytes == 1_000_000
    (run / "done.json").touch()
    assert by_name(plan)["train_policy"].jobs == 3
