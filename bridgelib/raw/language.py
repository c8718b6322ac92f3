"""Instructions: which lines of a lang.txt are one, and which say nothing.

Standard library only: the Snakefile asks while it is being parsed.
"""

import re
import string
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from bridgelib.errors import DataError
from bridgelib.raw.files import read_file
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.remarks import Noticed

# The words of a line that says how sure the annotator was, beside numbers.
CONFIDENCE = {"confidence", "confidences", "conf"}
OF_CONFIDENCE = {"score", "level", "value", "rating", "is", "of", "my", "annotator", "percent", "high", "medium", "low"}
LONGEST_INSTRUCTION = 10_000  # characters; the longest of the release have some two hundred
MOST_INSTRUCTIONS = 1_000  # lines of one file; the release has a few
# What tables, programs and people write where there is no text: what holds no other words says nothing. Single letters
# are what is left of "N/A", "\\N" and "b''".
NOTHING = {
    *("none", "nonetype", "null", "nil", "nan", "na", "nat", "nothing", "undefined", "unknown", "unk", "missing"),
    *("empty", "blank", "tbd", "todo", "to", "be", "no", "not", "yet", "given", "provided", "available", "applicable"),
    *("specified", "found", "instruction", "instructions", "language", "label", "labels", "annotation", "text"),
    *("description", "caption", "unlabeled", "unlabelled", "unannotated", "labeled", "labelled", "annotated"),
    *("无", "空", "暂无", "没有", "未知", "未标注", "无标注", "无指令", "无描述"),
    *string.ascii_lowercase,
}
WORD = re.compile(r"[^\W\d_]+")  # letters in a row
INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0"  # Hangul fillers, which Unicode counts as letters


def read_languages(content: bytes | None) -> tuple[tuple[str, ...], tuple[Noticed, ...]]:
    """What a lang.txt says, one instruction in a line.

    Args:
        content: The content of the file; None where there is none.

    Returns:
        The instructions, ("",) where there is none, and what is odd about the file.

    Raises:
        Rejected: `language_not_utf8` or `language_too_long`.
    """
    if content is None:
        return ("",), ()
    lines = [line for line in map(trimmed, _decoded(content).splitlines()) if line]
    _refuse_unlike_instructions(lines)
    confidences = [line for line in lines if _is_confidence(line)]
    others = [line for line in lines if not _is_confidence(line)]
    languages = tuple(filter(says_something, others)) or ("",)
    noticed = []
    if unusual := [line for line in confidences if not line.startswith("confidence:")]:
        more = f" and {len(unusual) - 1} more" if len(unusual) > 1 else ""
        noticed.append(Noticed("confidence_line", f"{unusual[0]!r}{more}"))
    if languages == ("",):
        held = repr(others[0]) if others else "nothing but a line of confidence" if confidences else "nothing visible"
        noticed.append(Noticed("no_instruction", f"lang.txt holds {held}"))
    return languages, tuple(noticed)


def _is_confidence(line: str) -> bool:
    """Whether a line says how sure the annotator was: `confidence: 0.9`, `Confidence score 90 %`, `CONF = high`."""
    words = re.findall(r"[^\W_]+", re.split("[:=]", _plain(line), maxsplit=1)[0])
    others = [word for word in words if word not in CONFIDENCE]
    return len(others) < len(words) and all(word in OF_CONFIDENCE or word[0].isdigit() for word in others)


def _refuse_unlike_instructions(lines: Sequence[str]) -> None:
    longest = max(map(len, lines), default=0)
    if longest > LONGEST_INSTRUCTION or len(lines) > MOST_INSTRUCTIONS:
        told = f"lang.txt holds {len(lines):,} lines of up to {longest:,} characters"
        raise Rejected("language_too_long", f"{told}; {MOST_INSTRUCTIONS:,} of {LONGEST_INSTRUCTION:,} are allowed")


def has_instruction(path: Path) -> bool:
    """Whether a lang.txt is there and has an instruction that a conversion would take."""
    try:
        return any(read_languages(read_file(path, path.name))[0])
    except (DataError, Rejected):
        return False


def says_something(text: str) -> bool:
    """Whether a text can be an instruction: it has visible letters, and not only words for nothing, as `None` is."""
    visible = _plain(text).translate(dict.fromkeys(map(ord, INVISIBLE_LETTERS), " "))
    return not NOTHING.issuperset(WORD.findall(visible))


def trimmed(text: str) -> str:
    """A text without the blanks and invisible characters at its ends."""
    begin = next((position for position, character in enumerate(text) if _is_visible(character)), len(text))
    end = next((len(text) - back for back, character in enumerate(reversed(text)) if _is_visible(character)), begin)
    return text[begin:end]


def _is_visible(character: str) -> bool:
    return not (
        character.isspace() or unicodedata.category(character) in ("Cc", "Cf") or character in INVISIBLE_LETTERS
    )


def _plain(text: str) -> str:
    """A text in one spelling of its characters, in lower case."""
    return unicodedata.normalize("NFKC", text).casefold()


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected("language_not_utf8", f"lang.txt, byte {error.start}: {error.reason}") from None
    if "\0" in text:
        raise Rejected("language_not_utf8", "lang.txt holds NUL bytes")
    return text
