"""Several seeds of one experiment, as targets and in tables."""

import pytest

TASK, DATE = "put_red_cube_on_plate", "2021-08-02_10-00-00"


@pytest.fixture
def experiments(workspace):
    (workspace.raw / TASK / DATE / "raw" / "traj_group0" / "traj0").mkdir(parents=True)
    runs = [{"algo": "bc", "task": TASK, "name": "x", "seed": [0, 1]}, {"algo": "bc", "task": TASK, "name": "other"}]
    settings = {"train_batch_size": 4, "num_steps": 8, "warmup_steps": 1}
    return f"experiments={workspace.write_experiments({'global': settings, 'runs': runs})}"


def test_each_seed_is_a_target_and_the_tables_are_told_of_all(workspace, experiments):
    jobs = workspace.jobs(experiments, "runs/x_s1/done.json")
    assert jobs == {"raw_to_numpy": 1, "numpy_to_tfrecord": 1, "train_policy": 1}
    _, output = workspace.snakemake("-n", "-p", experiments, "evaluate_all")
    assert all(f"assignments/{name}.json" in output for name in ("x_s0", "x_s1", "other"))
    assert "--seeds x=x_s0,x_s1" in output


def test_what_snakemake_reads_by_itself_is_held_to_the_same_yaml(workspace, experiments):
    more = workspace.folder / "more.yaml"
    for content, said in (("split_seed: 0040\n", "write 32 or 40"), ("episodes: 7\nepisodes: 8\n", "written twice")):
        more.write_text(content)
        code, output = workspace.snakemake("-n", f"--configfile={more}", experiments, check=False)
        assert code != 0 and f"{more}, line" in output and said in output and "Traceback" not in output
