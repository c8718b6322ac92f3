"""Which tasks are taken: whatever form Unicode writes their names in, and without a word about those that are not."""

import unicodedata

import pytest

from bridgelib.errors import ConfigError
from bridgelib.raw.chosen import ChosenTasks, excludes, refuse_left_out
from bridgelib.raw.tree import find_tasks
from tests.raw_trees import DATE

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "crème_brûlée") for form in ("NFC", "NFD"))


def tree(raw, *folders):
    for folder in folders:
        (raw / folder / DATE).mkdir(parents=True)
    return find_tasks(raw, 2)


@pytest.mark.parametrize(("pattern", "task"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_pattern_excludes_a_task_in_either_form_of_unicode(tmp_path, pattern, task):
    for given in (pattern, f"{pattern}*", f"*{pattern}", f"*/{pattern}"):
        assert excludes(given, task) and not excludes(given, "open_drawer")
    chosen = ChosenTasks.of(tree(tmp_path, task, "open_drawer"), [pattern])
    assert [entry.path for entry in chosen.excluded] == [task]
    assert ([kept.name for kept in chosen.tree.tasks], chosen.idle) == (["open_drawer"], ())
    with pytest.raises(ConfigError, match="which is left out: excluded by"):
        refuse_left_out([[pattern]], {task: "excluded by it"}, "dataset")


def test_what_is_excluded_is_not_remarked_on_for_its_depth(tmp_path):
    found = tree(tmp_path, "open_drawer", "aborted", "aborted/monday", "kitchen/monday")
    told = [noticed.detail for noticed in ChosenTasks.of(found, ["aborted*"]).misplaced()]
    assert told == [f"kitchen/monday/{DATE} lies at depth 3, not 2"]
    assert len(ChosenTasks.of(found).misplaced()) == 2
