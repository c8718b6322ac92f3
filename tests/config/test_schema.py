"""Closed schemas: what is refused, and whether the message says where, what, which and what to do."""

import gzip
from dataclasses import dataclass
from typing import Literal

import pytest

from bridgelib.config.schema import as_type, read_section, read_yaml
from bridgelib.errors import ConfigError
from tests.raw_trees import LFS_POINTER


@dataclass(frozen=True)
class Section:
    size: int
    rate: float = 0.5
    kind: Literal["raw", "jpeg"] = "raw"
    cameras: tuple[int, ...] = (0,)
    on: bool = True
    name: str | None = None


def test_defaults_fill_what_is_not_given():
    assert read_section(Section, {"size": 3}, "here") == Section(3)


def test_an_unknown_key_names_the_closest_known_one():
    with pytest.raises(ConfigError) as refused:
        read_section(Section, {"size": 3, "camera": 1}, "profile x")
    message = str(refused.value)
    assert "profile x" in message and "'camera'" in message and "did you mean 'cameras'?" in message


def test_a_missing_key_is_named_with_its_kind():
    with pytest.raises(ConfigError, match="no key 'size'") as refused:
        read_section(Section, {}, "profile x")
    assert "a whole number" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "expected", "result"),
    [
        ("3e-4", float, 3e-4),  # YAML 1.1 reads 3e-4 as text
        (3, float, 3.0),
        (5.0, int, 5),
        ("7", int, 7),
        ("True", bool, True),
        (0, tuple[int, ...], (0,)),
        (["1", 2], tuple[int, ...], (1, 2)),
        (None, int | None, None),
        ("null", int | None, None),  # of `--config threads=null`, which Snakemake hands on as text
        (2**60 + 1, int, 2**60 + 1),  # a float would make it even
    ],
)
def test_values_are_taken_as_the_type_they_mean(value, expected, result):
    converted = as_type(value, expected, "here")
    assert converted == result and type(converted) is type(result)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.5, int),
        (True, int),
        ("many", int),
        ("nan", float),
        (1, str),
        ("yes please", bool),
        (None, int),
        ("png", Literal["raw", "jpeg"]),
        (10**400, float),
        ("null", int),
        ([1, "x"], tuple[int, ...]),
    ],
)
def test_values_of_another_kind_are_refused(value, expected):
    with pytest.raises(ConfigError, match="here"):
        as_type(value, expected, "here")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("size: 1\nsize: 2\n", "'size' is written twice"),
        ("- a\n", "a mapping"),
        ("a: [1\n", "line 2"),
        ("1: x\n", "text keys"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path, text, said):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_yaml(path)
    assert "settings.yaml" in str(refused.value) and said in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(LFS_POINTER, "git lfs pull"), (gzip.compress(b"a: 1", mtime=0), "gunzip")],
    ids=["pointer", "gzip"],
)
def test_a_file_that_is_no_text_of_settings_is_told_what_it_is(tmp_path, content, said):
    (tmp_path / "machine.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_yaml(tmp_path / "machine.yaml")


def test_a_missing_file_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_yaml(tmp_path / "absent.yaml")


def test_an_empty_file_is_an_empty_mapping(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert read_yaml(tmp_path / "empty.yaml") == {}


@pytest.mark.parametrize(
    ("value", "expected"), [(40, str), (1.5, str | None), (True, str), ([40, "a"], tuple[str, ...])]
)
def test_a_text_that_looks_like_a_number_is_to_be_quoted(value, expected):
    with pytest.raises(ConfigError, match="put it in quotes"):
        as_type(value, expected, "here")
