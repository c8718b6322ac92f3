"""YAML as settings are written in it: what its two versions read differently is refused, not guessed.

PyYAML, and so Snakemake, reads YAML 1.1; most other programs, and most people, read YAML 1.2. `0040` is the number 32
to the one and 40 to the other, a task `no` is false or text. Whoever wrote it meant one of them.
"""

import re
from collections.abc import Sequence
from typing import Any

import yaml

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


class Unclear(yaml.YAMLError):
    """Valid YAML that has more than one meaning, so that it is refused instead of guessed."""

    def __init__(self, node: yaml.Node, given: str, do: str):
        super().__init__(given)
        self.problem_mark, self.problem, self.do = node.start_mark, given, do


class _StrictLoader(yaml.SafeLoader):
    """YAML in which nothing has two meanings: no key twice, no word that the versions of YAML read differently."""

    def __init__(self, text: str):
        super().__init__(text)
        self._plain, self._clear = set[yaml.Node](), set[yaml.Node]()  # plain: neither quoted nor tagged

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        is_plain, _ = self.peek_event().implicit
        node = super().compose_scalar_node(anchor)
        if is_plain:
            self._plain.add(node)
        return node

    def construct_document(self, node: yaml.Node) -> Any:
        self._check(node, ())
        return super().construct_document(node)

    def _check(self, node: yaml.Node, around: Sequence[yaml.Node]) -> None:
        """Refuse what is unclear in a node; `around` are those that it lies in."""
        if node in around:
            raise Unclear(node, "an alias of what it lies in itself", "write it out")
        if node in self._clear:  # by way of another alias: aliases of aliases would else take for ever
            return
        self._clear.add(node)
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
                raise Unclear(key, f"{kind} as a key", do)
            if (key.tag, key.value) in seen:
                do = "write `<<: [*one, *other]`" if key.tag == _MERGE else "keep one of the two"
                raise Unclear(key, f"the key '{key.value}' is written twice", do)
            seen.add((key.tag, key.value))
            if key.tag != _MERGE:
                self._check_scalar(key)

    def _check_scalar(self, node: yaml.ScalarNode) -> None:
        """Refuse what YAML 1.1 and 1.2 read differently. What is quoted, or has a tag, is clear.

        `1e-4` is not refused: text in 1.1, a number in 1.2, it becomes what the setting takes (`schema.as_type`).
        """
        if node not in self._plain:
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
        raise Unclear(
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


def loaded(text: str) -> Any:
    """What a text means as YAML.

    Raises:
        Unclear: The text has more than one meaning.
        yaml.YAMLError: It is no YAML.
    """
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except RecursionError:
        raise yaml.YAMLError("lists or mappings nested too deeply") from None
    except (ValueError, LookupError, AttributeError) as error:  # a tag that its text does not fit, `!!int many`
        raise yaml.YAMLError(f"a value that is not what its tag says ({error})") from None
