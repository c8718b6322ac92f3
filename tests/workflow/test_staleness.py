"""Which results say that they were made otherwise than they would be made now: what differs, and nothing else."""

import json
import os
import shutil

import pytest
import yaml

from bridgelib import versions
from bridgelib.config.settings import load_settings
from bridgelib.conversion.raw_to_numpy import Settings, convert_tree
from bridgelib.conversion.task_shards import Settings as TaskSettings
from bridgelib.conversion.tfrecord_tree import convert_tree as convert_shards
from bridgelib.conversion.tree_report import save, tree_report
from bridgelib.data.records_digest import records_digest
from bridgelib.files import write_json
from bridgelib.language.table_origin import origin_in_table
from bridgelib.origins import UNKNOWN, differences, digest_in
from bridgelib.raw.tree import find_tasks
from bridgelib.training.policy_origin import training_origin
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stage import Slots
from bridgelib.workflow.stages import stages
from tests.raw_trees import write_dated_folder

DATES = ("2021-08-02_10-00-00", "2021-08-03_11-30-00")
RUNS = [
    {"algo": "bc", "task": "open", "name": "bc"},
    {"algo": "lc_bc", "task": "open", "name": "lc", "config_overrides": {"config.encoder": "convnet-3-film"}},
]


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """Two tasks, one of two sessions, converted to the end as the programs do it by hand."""
    folder = tmp_path_factory.mktemp("converted")
    for seed, (task, date) in enumerate((("open", DATES[0]), ("open", DATES[1]), ("close", DATES[0]))):
        write_dated_folder(folder / "raw", task, date, trajectories=3, seed=10 * seed)
    convert(folder)
    return folder


def convert(folder, **keys):
    convert_tree(find_tasks(folder / "raw"), folder / "numpy", Settings(keys.get("im_size", 16)))
    tasks = TaskSettings(keys.get("im_size", 16), keys.get("train_proportion", 0.9), keys.get("seed", 0))
    convert_shards(folder / "numpy", folder / "tfrecord", tasks)


class Lab:
    """A copy of it, and plans of machines with other settings on it."""

    def __init__(self, folder, repository):
        self.folder, self.repository = folder, repository

    def plan(self, runs=RUNS, settings=None, machine=None):
        roots = {root: str(self.folder / root) for root in ("raw", "numpy", "tfrecord", "runs")}
        profile = {**roots, "im_size": 16, "train_proportion": 0.9, "jax_platform": "cpu", **(machine or {})}
        (self.folder / "mine.yaml").write_text(yaml.safe_dump(profile))
        (self.folder / "runs.yaml").write_text(yaml.safe_dump({"runs": runs}))
        chosen = {"machine": str(self.folder / "mine.yaml"), "experiments": str(self.folder / "runs.yaml")}
        return WorkflowPlan(load_settings({**chosen, **(settings or {})}, self.repository, environ={}), self.repository)

    def stale(self, plan=None, **keys):
        """Step -> names of its results that are stale."""
        plan, found = plan or self.plan(**keys), {}
        asked = [
            ("raw_to_numpy", {"task": task, "date": date}) for task in plan.dated_folders for date in plan._dates(task)
        ]
        asked += [("numpy_to_tfrecord", {"task": task}) for task in plan.dated_folders]
        asked += [("train_policy", {"experiment": name}) for name in plan.settings.experiments]
        for step, wildcards in asked:
            if (stale := plan.staleness.of(step, **wildcards)) is not None:
                assert stale.step == step and stale.differences
                found.setdefault(step, []).append("/".join(wildcards.values()))
        return found

    def train(self, name):
        """What training leaves of a policy, without training it."""
        plan = self.plan()
        done = self.folder / "runs" / name / "done.json"
        origin = training_origin(
            plan.experiment(name), self.folder / "tfrecord", plan.tasks(name), done.with_name("language.npz")
        )
        write_json(done, {"run": f"{name}-0123", "origin": origin})
        return done


@pytest.fixture
def lab(converted, tmp_path, repository):
    shutil.copytree(converted, tmp_path / "lab")
    return Lab(tmp_path / "lab", repository)


SHARDS = {f"open/{DATES[0]}", f"open/{DATES[1]}", f"close/{DATES[0]}"}
TASKS = {"open", "close"}


def sets(stale):
    return {step: set(names) for step, names in stale.items()}


def test_what_was_made_by_hand_with_the_same_settings_is_not_stale(lab):
    lab.train("bc")
    assert lab.stale() == {}
    assert lab.plan().waiting() == ["lc"]
    assert lab.stale(machine={"workers": 1, "gpus": [], "depth": "auto", "tfrecord_workers": 3}) == {}


def test_where_nothing_is_nothing_is_stale(lab):
    for root in ("numpy", "tfrecord"):
        shutil.rmtree(lab.folder / root)
    assert lab.stale(machine={"im_size": 24}) == {}


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({"im_size": 24}, {"raw_to_numpy": SHARDS, "numpy_to_tfrecord": TASKS}),
        ({"cameras": [0, 1]}, {"raw_to_numpy": SHARDS}),  # TFRecords hold camera 0; they follow when shards are made
        ({"gaze": "filter"}, {"raw_to_numpy": SHARDS, "numpy_to_tfrecord": TASKS}),
        ({"train_proportion": 0.8}, {"numpy_to_tfrecord": TASKS}),
        ({"image_encoding": "jpeg"}, {"numpy_to_tfrecord": TASKS}),
    ],
)
def test_settings_of_the_machine(lab, machine, expected):
    assert sets(lab.stale(machine=machine)) == expected


def test_the_seed_of_the_split_and_how_it_is_told(lab):
    plan = lab.plan(settings={"split_seed": 3})
    assert sets(lab.stale(plan)) == {"numpy_to_tfrecord": TASKS}
    found = plan.staleness.of("numpy_to_tfrecord", task="open")
    assert found.differences == ("seed: 0 -> 3",) and found.kind == ("numpy_to_tfrecord", "seed")
    assert str(found).endswith("tfrecord/open/train/out.tfrecord was made otherwise (seed: 0 -> 3)")


@pytest.mark.parametrize("module", ["formats.shard", "conversion.raw_to_numpy", "data.statistics"])
def test_a_version_that_was_raised(lab, monkeypatch, module):
    before = versions.version_of
    monkeypatch.setattr(versions, "version_of", lambda name: before(name) + (name == module))
    stale = sets(lab.stale())
    assert stale["numpy_to_tfrecord"] == TASKS
    assert stale.get("raw_to_numpy", set()) == (SHARDS if module != "data.statistics" else set())


def test_sessions_and_trajectories_that_come_and_go(lab):
    group = lab.folder / "raw" / "open" / DATES[1] / "raw" / "traj_group0"
    shutil.rmtree(group / "traj2")
    assert lab.stale() == {"raw_to_numpy": [f"open/{DATES[1]}"]}
    shutil.rmtree(group.parents[1])
    assert lab.stale() == {"numpy_to_tfrecord": ["open"]}
    write_dated_folder(lab.folder / "raw", "open", "2021-09-01_00-00-00", trajectories=1, seed=99)
    assert lab.stale() == {"numpy_to_tfrecord": ["open"]}
    convert(lab.folder)
    assert lab.stale() == {"numpy_to_tfrecord": ["open"]}  # by hand the shard of the removed session counts too
    (lab.folder / "numpy" / "open" / f"{DATES[1]}.npz").unlink()
    convert(lab.folder)
    assert lab.stale() == {}


def test_shards_of_other_content_under_an_older_time(lab):
    """As `rsync -a` brings them: nothing is newer than anything."""
    lab.train("bc")
    other = lab.folder / "other"
    write_dated_folder(other / "raw", "open", DATES[0], trajectories=3, seed=70)
    convert(other)
    for path in sorted((other / "numpy" / "open").iterdir()):
        shutil.copy(path, lab.folder / "numpy" / "open")
        os.utime(lab.folder / "numpy" / "open" / path.name, (1.6e9, 1.6e9))
    assert lab.stale() == {"numpy_to_tfrecord": ["open"]}
    convert(lab.folder)
    assert lab.stale() == {"train_policy": ["bc"]}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"found": 1}', '{"origin": 1}', '{"origin": {}}'])
def test_what_does_not_say_from_what_it_was_made_is_stale(lab, content):
    for path in ("numpy/open/" + DATES[0], "numpy/close/" + DATES[0]):
        (lab.folder / f"{path}.report.json").write_text(content)
    (lab.folder / "tfrecord" / "close" / "report.json").write_text(content)
    assert sets(lab.stale()) == {
        "raw_to_numpy": {f"open/{DATES[0]}", f"close/{DATES[0]}"},
        "numpy_to_tfrecord": {"close"},
    }


def test_the_data_report_knows_what_lies_beside_the_tasks(lab):
    def report(**machine):
        exclude = machine.get("exclude", ())
        tree = tree_report(lab.folder / "tfrecord", lab.folder / "raw", exclude=exclude)
        save(tree, None, lab.folder / "tfrecord" / "data_report.json")
        return lambda: lab.plan(machine=machine).staleness.of("data_report")

    stale = report()
    assert stale() is None
    (lab.folder / "raw" / "notes.txt").write_text("x")
    assert stale().kind == ("data_report", "passed_over")
    stale = report(exclude=["aborted*"])
    assert stale() is None
    write_dated_folder(lab.folder / "raw", "aborted2", DATES[0], trajectories=1)
    assert stale().kind == ("data_report", "passed_over")
    assert report(exclude=["aborted*"])() is None


def test_what_was_removed_to_save_disk_is_not_missed(lab):
    lab.train("bc")
    shutil.rmtree(lab.folder / "numpy")
    assert lab.stale() == {}
    (lab.folder / "raw" / "close" / DATES[0] / "raw" / "traj_group0" / "traj9").mkdir()
    assert lab.stale() == {"numpy_to_tfrecord": ["close"]}
    (lab.folder / "raw" / "close" / DATES[0] / "raw" / "traj_group0" / "traj9").rmdir()
    for path in (lab.folder / "tfrecord").glob("*/*/out.tfrecord"):
        path.unlink()
    assert lab.stale() == {}


@pytest.mark.parametrize(
    "override",
    [
        {"config.batch_size": 8},
        {"config.num_steps": 7},
        {"config.agent_kwargs.learning_rate": 1e-5},
        {"config.seed": 1},
        {"config.dataset_kwargs.act_pred_horizon": 4},
    ],
)
def test_settings_of_an_experiment(lab, override):
    lab.train("bc")
    lab.train("lc")
    changed = [{**RUNS[0], "config_overrides": override}, RUNS[1]]
    assert lab.stale(runs=changed) == {"train_policy": ["bc"]}
    assert lab.plan(runs=changed).waiting() == ["bc"]


def test_another_dataset_of_an_experiment(lab):
    lab.train("bc")
    assert lab.stale(runs=[{**RUNS[0], "task": "close"}]) == {"train_policy": ["bc"]}


def test_a_policy_of_before_is_told_by_its_run(lab):
    done = lab.train("bc")
    experiment = lab.plan().experiment("bc")
    config = {"identity": json.loads(experiment.as_json()), "config": experiment.config}
    write_json(done.parent / "bc-0123" / "config.json", config)
    write_json(done, {"run": "bc-0123"})
    assert lab.stale() == {}
    assert lab.stale(runs=[{**RUNS[0], "config_overrides": {"config.num_steps": 7}}]) == {"train_policy": ["bc"]}
    shutil.rmtree(done.parent / "bc-0123")
    assert lab.stale() == {"train_policy": ["bc"]}


def test_tfrecords_made_elsewhere_are_known_by_sizes_and_last_checksums(lab):
    folder = lab.folder / "tfrecord" / "open"
    (folder / "report.json").unlink()
    before = records_digest(folder)
    assert before == records_digest(folder) != UNKNOWN
    record = folder / "train" / "out.tfrecord"
    record.write_bytes(record.read_bytes()[:-1] + b"?")
    assert records_digest(folder) not in (before, UNKNOWN)
    record.unlink()
    assert records_digest(folder) == UNKNOWN


@pytest.mark.parametrize(
    ("recorded", "lock", "stale"),
    [
        (["'lock 0123456789ab'"], "lock 0123456789ab", None),
        (["'shard 1, raw_to_numpy 3, lock 0123456789ab'", "256"], "lock 0123456789ab", None),  # as it was once written
        (["256", "'lock 0123456789ab'"], "lock ba9876543210", "lock 0123456789ab -> lock ba9876543210"),
        (["'lock fedcba987654'"], "lock 0123456789ab", None),  # whose results are the same
        (["'lock 0123456789ab'"], "", None),  # now it comes from elsewhere
        (["256"], "lock ba9876543210", None),  # it came from elsewhere
        (None, "lock ba9876543210", None),  # Snakemake knows nothing of it
    ],
)
def test_another_lock_makes_stale_what_snakemake_remembers(lab, recorded, lock, stale):
    """A run that is cut short after an environment was built anew leaves results of the former lock."""
    asked = []

    def params(file):
        asked.append(file)
        return recorded

    staleness = lab.plan().staleness
    equal = {"fedcba987654", lock.removeprefix("lock ")}
    found = staleness.by_lock(lock, equal, params, "numpy_to_tfrecord", task="open")
    assert (found and found.differences) == (stale and (f"environment: {stale}",))
    assert set(asked) <= {str(lab.folder / "tfrecord" / "open" / "train" / "out.tfrecord")}
    assert staleness.by_lock(lock, equal, params, "train_policy", experiment="bc") is None  # which is not there


def test_the_forecast_counts_what_is_stale(lab):
    jobs = {stage.name: stage.jobs for stage in stages(lab.plan(), Slots(2, 0))}
    assert (jobs["raw_to_numpy"], jobs["numpy_to_tfrecord"]) == (0, 0)
    changed = lab.plan(machine={"train_proportion": 0.5})
    jobs = {stage.name: stage.jobs for stage in stages(changed, Slots(2, 0))}
    assert (jobs["raw_to_numpy"], jobs["numpy_to_tfrecord"]) == (0, 2)
    (lab.folder / "raw" / "open" / DATES[1] / "raw" / "traj_group0" / "traj9").mkdir()
    jobs = {stage.name: stage.jobs for stage in stages(lab.plan(), Slots(2, 0))}
    assert (jobs["raw_to_numpy"], jobs["numpy_to_tfrecord"]) == (1, 1)


def test_what_is_unknown_differs_from_nothing_that_is_there():
    assert list(differences({"a": 1, "b": {"c": "x"}}, {"a": UNKNOWN, "b": {"c": "x"}})) == []
    assert list(differences({"a": UNKNOWN}, {"a": "known"})) == []
    assert list(differences({}, {"a": UNKNOWN})) == ['a: null -> "?"']
    assert list(differences({"a": UNKNOWN}, {})) == ['a: "?" -> null']


def test_an_identity_follows_the_origin_alone(tmp_path):
    path = tmp_path / "report.json"
    assert digest_in(path) == UNKNOWN and origin_in_table(tmp_path / "none.npz") is None
    write_json(path, {"origin": {"a": 1, "b": 2}, "found": 3})
    first = digest_in(path)
    write_json(path, {"origin": {"b": 2, "a": 1}, "found": 4})
    assert digest_in(path) == first
    write_json(path, {"origin": {"a": 1, "b": 3}, "found": 4})
    assert digest_in(path) not in (first, UNKNOWN)
