"""Digests of what makes a result stale: the code that made it, the names of its inputs."""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
# They print, lock and report; no byte of a result depends on them.
_WITHOUT_EFFECT = {"bridgelib", "bridgelib.errors", "bridgelib.files", "bridgelib.progress"}


def digest_of(*parts: object) -> str:
    """Twelve hex digits of the given values' texts."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


@cache
def code_digest(*modules: str) -> str:
    """Twelve hex digits of the code of `bridgelib` modules and of all `bridgelib` modules that they import.

    Comments, docstrings and layout do not count, so that tidying up remakes nothing.
    """
    closure: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in closure or module in _WITHOUT_EFFECT:
            continue
        tree = ast.parse(_module_file(module).read_text(encoding="utf-8"))
        waiting.extend(_imported(tree))
        closure[module] = ast.dump(_without_docstrings(tree))
    return digest_of(*(f"{module}: {closure[module]}" for module in sorted(closure)))


def imported_modules(path: Path) -> set[str]:
    """The `bridgelib` modules that a Python file imports, wherever in the file."""
    return set(_imported(ast.parse(path.read_text(encoding="utf-8"))))


def _imported(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] == "bridgelib")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bridgelib":
            below = [f"{node.module}.{name.name}" for name in node.names]
            modules = [name for name in below if _exists(name)]
            yield from modules
            if len(modules) < len(below):
                yield node.module


def _exists(module: str) -> bool:
    path = _PACKAGE.parent / Path(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _module_file(module: str) -> Path:
    path = _PACKAGE.parent / Path(*module.split("."))
    return path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
            continue
        if isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
            node.body = body[1:]
    return tree
