"""Which tasks a dataset means: patterns, exclusions, refusals."""

import subprocess
import sys

import pytest

from bridgelib.config.datasets import Dataset
from bridgelib.data.selection import select_tasks
from bridgelib.errors import ConfigError

TASKS = [
    "icra/kitchen1/many_skills/00",
    "icra/kitchen1/sweep_beans/01",
    "rss/kitchen2/set_table/00",
    "scripted/pnp_objects",
    "put_carrot_on_plate",
]


NFC, NFD = "open_t\u00fcr/\u00e9t\u00e9", "open_tu\u0308r/e\u0301te\u0301"


def select(*groups, exclude=(), tasks=TASKS):
    return select_tasks(Dataset("mine", groups, tuple(exclude)), tasks, "experiment 'first'")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("put_carrot_on_plate", ["put_carrot_on_plate"]),
        ("scripted/?*", ["scripted/pnp_objects"]),
        ("icra/?*/?*/?*", ["icra/kitchen1/many_skills/00", "icra/kitchen1/sweep_beans/01"]),
        ("?*", ["put_carrot_on_plate"]),  # a star does not cross a slash
        ("**", sorted(TASKS)),
        ("**/00", ["icra/kitchen1/many_skills/00", "rss/kitchen2/set_table/00"]),
        ("icra/**", ["icra/kitchen1/many_skills/00", "icra/kitchen1/sweep_beans/01"]),
        ("put_carrot_on_plate/**", ["put_carrot_on_plate"]),
        ("[ir]*/kitchen?/*/00", ["icra/kitchen1/many_skills/00", "rss/kitchen2/set_table/00"]),
    ],
)
def test_a_pattern_matches_folder_by_folder(pattern, expected):
    assert select((pattern,)) == (tuple(expected),)


def test_matching_heeds_case():
    with pytest.raises(ConfigError):
        select(("PUT_carrot_on_plate",))


def test_groups_stay_apart_and_a_task_named_twice_counts_once():
    groups = select(("scripted/?*", "**/pnp_objects"), ("rss/**", "scripted/*"))
    assert groups == (("scripted/pnp_objects",), ("rss/kitchen2/set_table/00", "scripted/pnp_objects"))


@pytest.mark.parametrize("pattern", ["*sweep*", "icra/*/sweep*", "*/icra/*/sweep_beans/*", "icra/**/01"])
def test_an_exclusion_matches_the_whole_path(pattern):
    (group,) = select(("**",), exclude=[pattern])
    assert group == tuple(sorted(set(TASKS) - {"icra/kitchen1/sweep_beans/01"}))


def test_the_result_does_not_depend_on_the_listing():
    assert select(("**",), tasks=TASKS[::-1]) == select(("**",), tasks=TASKS)


def test_a_pattern_without_a_match_is_refused_with_what_there_is():
    with pytest.raises(ConfigError) as caught:
        select(("put_carot_on_plate",))
    message = str(caught.value)
    assert "experiment 'first', dataset 'mine', pattern 'put_carot_on_plate'" in message
    assert "scripted/pnp_objects" in message
    assert "did you mean 'put_carrot_on_plate'?" in message


def test_a_long_list_of_tasks_is_cut_in_the_message():
    with pytest.raises(ConfigError, match="task_19 and 80 more"):
        select(("nothing",), tasks=[f"task_{number:02d}" for number in range(100)])


def test_without_any_task_the_message_says_so():
    with pytest.raises(ConfigError, match="none at all"):
        select(("**",), tasks=[])


def test_an_exclusion_without_a_match_is_refused():
    # Misspelt, it would silently leave in what its author wants out.
    with pytest.raises(ConfigError, match="pattern '\\*swep\\*'"):
        select(("**",), exclude=["*swep*"])


def test_a_pattern_of_which_all_is_excluded_is_refused():
    with pytest.raises(ConfigError, match="excluded by \\['\\*sweep\\*'\\]"):
        select(("**", "icra/*/sweep_beans/*"), exclude=["*sweep*"])


def test_selecting_needs_no_array_library():
    """The Snakefile selects tasks while it is parsed, in an environment that has neither numpy nor JAX."""
    code = "import sys, bridgelib.data.selection; print(sorted({'numpy', 'jax', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("pattern", "on_disk"), [(NFC, NFD), (NFD, NFC), ("open_t?r/*", NFD), ("**/\u00e9t?", NFD)])
def test_a_name_is_found_in_either_of_its_unicode_forms(pattern, on_disk):
    """And given as it is on disk."""
    assert NFC != NFD
    assert select((pattern,), tasks=[on_disk, "other"]) == ((on_disk,),)
    assert select(("**",), exclude=(pattern.replace("**/", "*/"),), tasks=[on_disk, "other"]) == (("other",),)


@pytest.mark.parametrize("name", ["stack[1]", "pick?", "all*", "a/b[c]"])
def test_the_very_name_of_a_task_means_that_task_and_no_other(name):
    tasks = [name, "stack1", "picks", "all_of_them", "a/bc"]
    assert select((name,), tasks=tasks) == ((name,),)
    assert select(("**",), exclude=(name,), tasks=tasks) == (tuple(sorted(set(tasks) - {name})),)
