"""YAML as settings are written in it: what its two versions read differently is refused, not guessed.

PyYAML, and so Snakemake, reads YAML 1.1; most other programs, and most people, read YAML 1.2. `0040` is the number 32
to the one and 40 to the other, a task `no` is false or text. Whoever wrote it meant one of them.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bridgelib.config.schema import require_mapping
from bridgelib.errors import ConfigError

# The core schema of YAML 1.2.2, section 10.3.2; what fits none of them is text.
_LATER = {
    "null": re.compile(r"null|Null|NULL|~|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    ),
}
_MERGE = "tag:yaml.org,2002:merge"


class _Refused(yaml.YAMLError):
    """Something that is YAML, but must not be guessed at."""

    def __init__(self, node: yaml.Node, given: str, do: str):
        super().__init__(given)
        self.problem_mark, self.problem, self.do = node.start_mark, given, do


class _StrictLoader(yaml.SafeLoader):
    """YAML in which nothing has two meanings: no key twice, no word that the versions of YAML read differently."""

    def construct_document(self, node: yaml.Node) -> Any:
        self._check(node, ())
        return super().construct_document(node)

    def _check(self, node: yaml.Node, around: Sequence[yaml.Node]) -> None:
        """Refuse what is unclear in a node; `around` are those that it lies in."""
        if node in around:
            raise _Refused(node, "an alias of what it lies in itself", "write it out")
        if isinstance(node, yaml.ScalarNode):
            self._check_scalar(node)
            return
        if isinstance(node, yaml.MappingNode):
            self._check_keys(node)
        entries = node.value if isinstance(node, yaml.SequenceNode) else [value for _, value in node.value]
        for entry in entries:
            self._check(entry, (*around, node))

    def _check_keys(self, node: yaml.MappingNode) -> None:
        """Refuse a key that is no word, or is written twice; one that a merged mapping (`<<`) has too is not."""
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                kind = "a list" if isinstance(key, yaml.SequenceNode) else "a mapping"
                do = "write a word as the key; put text with brackets or braces in quotes"
                raise _Refused(key, f"{kind} as a key", do)
            if (key.tag, key.value) in seen:
                do = "write `<<: [*one, *other]`" if key.tag == _MERGE else "keep one of the two"
                raise _Refused(key, f"the key '{key.value}' is written twice", do)
            seen.add((key.tag, key.value))
            if key.tag != _MERGE:
                self._check_scalar(key)

    def _check_scalar(self, node: yaml.ScalarNode) -> None:
        """Refuse what YAML 1.1 and 1.2 read differently. What is quoted, or has a tag, is clear.

        `1e-4` is not refused: text in 1.1, a number in 1.2, it becomes what the setting takes (`schema.as_type`).
        """
        if node.style is not None or node.tag != self.resolve(yaml.ScalarNode, node.value, (True, False)):
            return
        earlier = node.tag.rpartition(":")[2]
        later = next((kind for kind, pattern in _LATER.items() if pattern.fullmatch(node.value)), "str")
        if (earlier, later) == ("str", "float"):
            return
        meanings = self._meaning(earlier, node), _later_int(node.value) if later == "int" else _WORDS[later]
        if earlier == later and (earlier != "int" or meanings[0] == meanings[1]):
            return
        known = [meaning for meaning in meanings if meaning not in _WORDS.values()]
        quoted = f'"{node.value}" in quotes'
        raise _Refused(
            node,
            f"{node.value}, which YAML 1.1 reads as {meanings[0]} and YAML 1.2 as {meanings[1]}",
            f"write {' or '.join(known)}; for text, {quoted}" if known else f"write {quoted}",
        )

    def _meaning(self, kind: str, node: yaml.ScalarNode) -> str:
        """What YAML 1.1 makes of a node, in words."""
        if kind in ("int", "float"):
            return str(self.yaml_constructors[node.tag](self, node))
        return str(self.bool_values[node.value.lower()]).lower() if kind == "bool" else _WORDS[kind]


_WORDS = {
    "str": "text",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "timestamp": "a date",
    "merge": "a sign",  # <<
    "value": "a sign",  # =
}


def _later_int(text: str) -> str:
    """What YAML 1.2 makes of a whole number."""
    return str(int(text, 0) if text[:2] in ("0o", "0x") else int(text))


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty mapping.

    Raises:
        ConfigError: The file is missing, is not YAML, writes a key twice, holds something else than a mapping, or a
            number or word that YAML 1.1 and 1.2 read differently.
    """
    try:
        content = _loaded(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, given=error.strerror, do="check the path") from None
    except UnicodeDecodeError as error:
        raise ConfigError(path, given=f"not UTF-8 text: {error.reason}", do="save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"{path}{line}", given=problem, do=getattr(error, "do", "correct the YAML")) from None
    content = {} if content is None else content
    require_mapping(content, str(path))
    return content


def read_value(text: str, where: str) -> Any:
    """A value on a command line as YAML reads it; what is no YAML is text, as it stands.

    Raises:
        ConfigError: A number or word that YAML 1.1 and 1.2 read differently, or a key written twice.
    """
    try:
        return _loaded(text)
    except _Refused as refused:
        raise ConfigError(where, given=refused.problem, do=refused.do) from None
    except yaml.YAMLError:
        return text


def _loaded(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except RecursionError:
        raise yaml.YAMLError("lists or mappings nested too deeply") from None
    except (ValueError, AttributeError) as error:  # a tag that its text does not fit, `!!int many`
        raise yaml.YAMLError(f"a value that is not what its tag says ({error})") from None
