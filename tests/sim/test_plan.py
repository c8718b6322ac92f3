import subprocess
import sys

import pytest

from bridgelib.errors import ConfigError
from bridgelib.sim.plan import DEFAULTS, PlanEntry, plan
from bridgelib.sim.tasks import TASKS


def test_the_demo_has_two_tasks_of_three_sessions_of_ten():
    entries = plan({"demonstrations": 60, "dated_folders": 3, "seed": 4, "image_size": [240, 320]})
    assert [entry.demonstrations for entry in entries] == [10] * 6
    assert {entry.task for entry in entries} == {
        "put_red_cube_on_plate",
        "push_blue_cylinder_onto_green_cloth",
    }
    assert len({(entry.task, entry.date) for entry in entries}) == 6
    assert {(entry.seed, entry.image_size) for entry in entries} == {(4, (240, 320))}
    assert plan({}) == plan({"demonstrations": 60})


@pytest.mark.parametrize(("total", "folders"), [(7, 2), (11, 3), (2, 1), (61, 3)])
def test_demonstrations_are_split_evenly(total, folders):
    entries = plan({"demonstrations": total, "dated_folders": folders})
    counts = [entry.demonstrations for entry in entries]
    assert sum(counts) == total and max(counts) - min(counts) <= 1
    by_task = [sum(entry.demonstrations for entry in entries if entry.task == task) for task in DEFAULTS.tasks]
    assert max(by_task) - min(by_task) <= folders


def test_ambiguous_tasks_are_simulated_where_they_are_chosen():
    chosen = [name for name, task in TASKS.items() if task.other]
    assert len(chosen) == 2 and not {entry.task for entry in plan({})} & set(chosen)
    assert {entry.task for entry in plan({"tasks": chosen})} == set(chosen)


def test_every_session_lies_after_the_latency_fix():
    assert all(entry.date > "2021-07-23" for entry in plan({}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"demonstration": 3}, "did you mean 'demonstrations'"),
        ({"tasks": ["put_red_cube_on_plat"]}, "did you mean 'put_red_cube_on_plate'"),
        ({"tasks": []}, "one or more names"),
        ({"tasks": "put_red_cube_on_plat"}, "did you mean 'put_red_cube_on_plate'"),
        ({"tasks": 7}, "a list of texts"),
        ({"tasks": [7]}, "put it in quotes"),
        ({"tasks": {"put_red_cube_on_plate": 1}}, "a list of texts"),
        ({"tasks": None}, "a list of texts"),
        ({"tasks": [next(iter(TASKS))] * 2}, "each once"),
        ({"demonstrations": 5, "dated_folders": 3}, "at least 6"),
        ({"demonstrations": "many"}, "whole number"),
        ({"demonstrations": True}, "whole number"),
        ({"demonstrations": None}, "whole number"),
        ({"demonstrations": 2.5}, "whole number"),
        ({"dated_folders": 0}, "1 to 1000"),
        ({"dated_folders": 10**7, "demonstrations": 10**9}, "1 to 1000"),
        ({"dated_folders": [3]}, "whole number"),
        ({"seed": -1}, "at least 0"),
        ({"image_size": [240]}, "height and width"),
        ({"image_size": 64}, "height and width"),
        ({"image_size": []}, "height and width"),
        ({"image_size": [240, 3.5]}, "whole numbers"),
        ({"image_size": [240, 8]}, "16 to 4096"),
        ({"image_size": [100_000, 320]}, "16 to 4096"),
        ({"image_size": {"height": 64}}, "whole numbers"),
        ({"action_noise": -0.001}, "0 to 0.02"),
        ({"action_noise": 4}, "0 to 0.02"),
        ({"action_noise": float("nan")}, "a number"),
        ({"action_noise": "little"}, "a number"),
        ({"action_noise": True}, "a number"),
        ({"seed": "new"}, "whole number"),
    ],
)
def test_unusable_settings_are_refused(settings, message):
    with pytest.raises(ConfigError) as error:
        plan(settings, "here")
    key = next(iter(settings))
    assert message in str(error.value) and ("here" in str(error.value)) and f"'{key}'" in str(error.value)


def test_settings_of_a_command_line_are_texts_and_one_task_needs_no_brackets():
    """Snakemake hands `--config simulation="{...}"` on as texts."""
    told = {"demonstrations": "4", "dated_folders": "2", "image_size": ["64", "96"], "action_noise": "1e-3"}
    entries = plan({**told, "tasks": "put_red_cube_on_plate"})
    assert [entry.demonstrations for entry in entries] == [2, 2]
    assert {(entry.image_size, entry.action_noise) for entry in entries} == {((64, 96), 0.001)}


def test_action_noise_is_none_unless_it_is_asked_for():
    assert {entry.action_noise for entry in plan({})} == {0.0}
    assert {entry.action_noise for entry in plan({"action_noise": 0.004})} == {0.004}


@pytest.mark.parametrize("date", ["yesterday", "2021-08-02", "2021-13-02_10-00-00", "2021-8-2_10-0-0"])
def test_a_folder_name_that_is_no_date_is_refused(date):
    with pytest.raises(ConfigError, match="date"):
        PlanEntry(next(iter(TASKS)), date, 1)


def test_planning_needs_the_standard_library_only(repository):
    """The Snakefile plans while it is parsed, in an environment without numpy."""
    program = "import sys; import bridgelib.sim.plan; print([m for m in ('numpy', 'PIL', 'jax') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
