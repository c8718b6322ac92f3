"""The pages for those who come after say what is so: ARCHITECTURE, CONTRIBUTING, CHANGELOG, CITATION."""

import re
from itertools import pairwise

import pytest
import yaml

import bridgelib
from tests.test_architecture import ROOMS

# Made when something runs, or named as an example.
_MADE = {".venv", ".venvs"}


def table_of_rooms(page):
    """The rooms of each row of the table of ARCHITECTURE.md, from above."""
    rows = re.findall(r"^\| (`.*?) \|", page, flags=re.M)
    return [re.findall(r"`(\w+)`", row) for row in rows]


def test_the_table_of_rooms_is_the_order_that_is_tested(repository):
    rows = table_of_rooms((repository / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    named = [room for row in rows for room in row]
    assert sorted(named) == sorted(room for room in ROOMS if not room.startswith("__"))
    for above, below in pairwise(rows):
        assert min(ROOMS[room] for room in above) >= max(ROOMS[room] for room in below), f"{above} stand above {below}"


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_what_a_page_names_is_there(repository, page):
    text = (repository / page).read_text(encoding="utf-8")
    quoted = {part for quote in re.findall(r"`([^`\n]+)`", text) for part in re.split(r"[\s,\"]+", quote)}
    linked = set(re.findall(r"\]\(([^)#:]+)\)", text))
    paths = {name for name in quoted if re.match(r"^[\w.]+/[\w./*{}-]*$", name)} | linked
    assert len(paths) > 3
    gone = {path for path in paths - _MADE if not list(repository.glob(path.rstrip("/")))}
    assert not gone


def test_the_release_is_the_same_everywhere(repository):
    citation = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    newest = re.search(r"^## (\S+) – (\S+)$", (repository / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    assert newest.groups() == (bridgelib.__version__, str(citation["date-released"]))
    assert citation["version"] == bridgelib.__version__


def test_what_github_runs_is_what_runs_anywhere(repository):
    steps = yaml.safe_load((repository / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    commands = [step["run"] for job in steps["jobs"].values() for step in job["steps"] if "run" in step]
    assert commands == [".ci/run"]
    hooks = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]] == ["make lint"]
