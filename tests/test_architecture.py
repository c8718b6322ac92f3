"""The house keeps its order: who may import whom, what is named nowhere, what every file opens with."""

import ast
import itertools
import os
import re
import statistics
import subprocess
import sys

import pytest

# From below to above; a room imports only rooms of lower number. Rooms of one number do not import each other.
ROOMS = {
    "capacity": 0,
    "errors": 0,
    "mistaken": 0,
    "__version__": 0,
    "repository": 0,
    "text": 0,
    "layout": 1,
    "locks": 1,
    "origins": 1,
    "progress": 1,
    "shapes": 1,
    "versions": 1,
    "files": 2,
    "config": 2,
    "jobs": 2,
    "seals": 3,
    "raw": 4,
    "sim": 5,
    "formats": 5,
    "data": 6,
    "conversion": 7,
    "language": 7,
    "networks": 7,
    "agents": 8,
    "policy": 9,
    "training": 10,
    "evaluation": 11,
    "report": 12,
    "tracing": 13,
    "workflow": 13,
    "doctor": 14,
    "watching": 14,
    "commands": 15,
    "__main__": 16,
}
WITH_TENSORFLOW = "bridgelib/formats/tensorflow_reader.py"


def python_files(repository, *folders):
    return sorted(path for folder in folders for path in (repository / folder).rglob("*.py"))


def imported_modules(path):
    """The modules of `bridgelib` that a file imports, wherever in it; what it imports of them counts as one too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return {module for module in found if module.split(".")[0] == "bridgelib"}


def room_of(module):
    return module.split(".")[1] if "." in module else None


def test_rooms_import_downwards_only(repository):
    wrong = []
    for path in python_files(repository, "bridgelib"):
        relative = path.relative_to(repository / "bridgelib")
        room = "__main__" if relative.name == "__main__.py" else relative.parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for module in imported_modules(path):
            other = room_of(module)
            if other not in (room, None) and ROOMS[other] >= ROOMS[room]:
                wrong.append(f"{relative} imports {module}")
    assert not wrong


def imports_between_modules(repository):
    """Module of `bridgelib` -> the others that it imports, wherever in it, under TYPE_CHECKING too."""
    files = python_files(repository, "bridgelib")
    names = [".".join(path.relative_to(repository).with_suffix("").parts).removesuffix(".__init__") for path in files]
    found = {}
    for name, path in zip(names, files, strict=True):
        imported = imported_modules(path) | {module.rpartition(".")[0] for module in imported_modules(path)}
        # `from bridgelib.raw import tree` names a module; `from bridgelib.raw.tree import Task` a class of one.
        found[name] = {module for module in imported if module in names} - {name, "bridgelib"}
    return found


def circle_in(graph):
    """Nodes that lead from one to the next and back to the first; None where there are none."""
    done = set()
    for start in graph:
        path, ways = [start], [iter(graph[start])]
        while path:
            following = next((node for node in ways[-1] if node not in done), None)
            if following in path:
                return path[path.index(following) :]
            if following is None:
                done.add(path.pop())
                ways.pop()
            else:
                path.append(following)
                ways.append(iter(graph[following]))
    return None


def test_no_module_imports_itself_by_way_of_others(repository):
    assert circle_in(imports_between_modules(repository)) is None


def test_a_circle_is_found_and_a_diamond_is_none():
    assert circle_in({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) is None
    assert circle_in({"a": ["b"], "b": ["c"], "c": ["d"], "d": ["b"]}) == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("package", "allowed"), [("snakemake", None), ("tensorflow", WITH_TENSORFLOW), ("distrax", None)]
)
def test_packages_stay_where_they_belong(repository, package, allowed):
    importing = []
    for path in python_files(repository, "bridgelib", "workflow_scripts"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] == package for name in names):
                importing.append(str(path.relative_to(repository)))
    assert set(importing) <= ({allowed} if allowed else set())


def test_what_the_snakefile_imports_needs_only_yaml(repository):
    """Snakemake's own environment has neither numpy nor JAX."""
    program = (
        "import sys; absent = ['numpy', 'jax', 'PIL', 'tensorflow', 'flax', 'rich', 'google_crc32c'];"
        "sys.modules.update(dict.fromkeys(absent));"
        "import bridgelib.workflow.plan, bridgelib.jobs.launcher;"
        "import bridgelib.commands.doctor, bridgelib.commands.trace, bridgelib.commands.status"
    )
    subprocess.run([sys.executable, "-c", program], cwd=repository, check=True)


def test_every_script_shows_help_from_any_folder(repository, tmp_path):
    """Also where Python does not look for modules beside the script."""
    variables = {**os.environ, "PYTHONSAFEPATH": "1"}
    for script in sorted((repository / "workflow_scripts").glob("[a-z]*.py")):
        command = [sys.executable, str(script), "--help"]
        shown = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=True)
        assert shown.stdout.startswith("usage:"), script.name


def tracked(repository):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip(f"needs a checkout that git knows: {listed.stderr.strip()}")
    return [repository / name for name in listed.stdout.split("\0") if name and (repository / name).is_file()]


def test_no_file_names_a_package_registry(repository):
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry.n" + "pmjs", "deb.d" + "ebian"]
    wrong = [path for path in tracked(repository) if any(host.encode() in path.read_bytes() for host in hosts)]
    assert not wrong


def test_no_file_is_large(repository):
    assert not [path for path in tracked(repository) if path.stat().st_size > 1_000_000]


def test_no_source_file_is_long(repository):
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(repository, "bridgelib")}
    assert not {str(path): count for path, count in lines.items() if count > 300}
    tests = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(repository, "tests")}
    assert not {str(path): count for path, count in tests.items() if count > 400}


def test_functions_fit_on_a_screen(repository):
    lengths = {
        f"{path.relative_to(repository)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in python_files(repository, "bridgelib", "workflow_scripts")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert not {name: length for name, length in lengths.items() if length > 60}
    assert statistics.median(lengths.values()) <= 8


def rules_of(path):
    """Name -> number of lines of each rule in a file, blank lines after it left aside."""
    lines, found = path.read_text(encoding="utf-8").splitlines(), {}
    for start, line in enumerate(lines):
        if opened := re.match(r"( *)rule (\w+):$", line):
            inside = itertools.takewhile(lambda text: not text or text.startswith(f"{opened[1]} "), lines[start + 1 :])
            found[opened[2]] = 1 + len("\n".join(inside).rstrip().splitlines())
    return found


def test_rules_are_short(repository):
    files = sorted((repository / "rules").glob("*.smk"))
    long = {path.name: lines for path in files if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 80}
    assert not long
    rules = {name: lines for path in files for name, lines in rules_of(path).items()}
    assert rules.keys() >= {"raw_to_numpy", "numpy_to_tfrecord", "train_policy", "rollout_policy"}
    assert not {name: lines for name, lines in rules.items() if lines > 30}
