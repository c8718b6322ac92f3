"""What of a lang.txt is an instruction, in whatever spelling the rest of it comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.raw.language import has_instruction, read_languages, says_something, trimmed
from tests.raw_trees import LFS_POINTER

NOTHING = [
    "None",
    "NONE",
    "nan",
    "NaN",
    "N/A",
    "n / a",
    "#N/A",
    "<NA>",
    "null",
    "-",
    "--",
    "…",
    "?",
    "[]",
    "''",
    "''''",
]
NOTHING += [
    "",
    " ",
    "\u200b",
    "\ufeff",
    "\u200e\u200f",
    "\u2800",
    "\u3164",
    "\u00ad",
    "0",
    "-1",
    "1.0",
    "ｎｏｎｅ",
    "unknown",
]
NOTHING += ["none none", "nan, nan", "N/A N/A", "None / None", "\\N", "b''", "x", "[UNK]", "No Annotation"]
NOTHING += ["no label given", "not yet labelled", "TODO: label", "NoneType", "no language instruction", "未标注"]
NOTHING += ["\u3164none"]


@pytest.mark.parametrize("text", NOTHING)
def test_what_says_nothing(text):
    assert not says_something(text)
    assert read_languages(f"{text}\nconfidence: 1.0\n".encode())[0] == ("",)


SOMETHING = ["open", "put nan on na", "none left", "开门", "открыть", "unknown object to the left", "2 cups"]
SOMETHING += ["empty the pot", "do nothing", "label the box", "fill in the blank", "खोलो", "take a"]


@pytest.mark.parametrize("text", SOMETHING)
def test_what_says_something(text):
    assert says_something(text)
    assert read_languages(text.encode()) == ((text,), ())


CONFIDENCES = ["Confidence: 0.5", "CONFIDENCE:1", "  confidence = 1", "confidence：0.9", '"Confidence": 1']
CONFIDENCES += ["confidence score: 0.9", "confidence_score: 0.9", "Confidence level = 1", "conf: 0.9", "confidence 0,9"]
CONFIDENCES += ["Confidence 90%", "confidence is 0.9", "confidence 9/10", "confidence 1e-1", "Confidence"]
CONFIDENCES += ["my confidence is high"]


@pytest.mark.parametrize("line", CONFIDENCES)
def test_confidence_in_any_spelling_is_no_instruction(line):
    languages, noticed = read_languages(f"open the drawer\n{line}\nclose it\n".encode())
    assert languages == ("open the drawer", "close it")
    assert [(entry.remark, entry.detail) for entry in noticed] == [("confidence_line", repr(line.strip()))]


@pytest.mark.parametrize(
    "line", ["move with confidence", "put confidence in the robot: grasp", "configure: the table", "level the sugar"]
)
def test_a_line_that_is_not_about_confidence_alone_is_an_instruction(line):
    assert read_languages(line.encode()) == ((line,), ())


def test_many_lines_of_confidence_are_one_remark():
    """Of one file; else one long file would outnumber all others."""
    languages, noticed = read_languages(b"open\n" + b"Confidence: 1\n" * 900)
    assert languages == ("open",)
    assert [(entry.remark, entry.detail) for entry in noticed] == [("confidence_line", "'Confidence: 1' and 899 more")]


def test_a_line_that_says_nothing_beside_one_that_does_is_left_out_without_a_word():
    assert read_languages(b"None\nopen the drawer\n-\n") == (("open the drawer",), ())


def test_invisible_characters_around_an_instruction_are_left_out():
    assert read_languages("\ufeff\u200b open\u200b \u2060\n".encode())[0] == ("open",)
    assert trimmed("\u200b\u200b") == "" == trimmed("")
    assert trimmed("a\u200db") == "a\u200db"  # within, they join letters


@given(st.text())
def test_what_is_left_of_any_text_are_instructions_or_none(text):
    languages, noticed = read_languages(text.encode("utf-8", "replace").replace(b"\0", b""))
    assert languages == ("",) or all(map(says_something, languages))
    assert ("no_instruction" in [entry.remark for entry in noticed]) == (languages == ("",))


def test_a_file_is_asked_whether_it_has_an_instruction(tmp_path):
    for content, answer in (
        (b"open", True),
        (b"None", False),
        (b"", False),
        (b"\xff\xfe", False),
        (b"nan\nopen", True),
        (LFS_POINTER, False),
    ):
        (tmp_path / "lang.txt").write_bytes(content)
        assert has_instruction(tmp_path / "lang.txt") is answer
    assert not has_instruction(tmp_path / "absent.txt")


def test_no_file_is_nothing_odd():
    assert read_languages(None) == (("",), ())
