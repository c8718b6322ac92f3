"""Instructions: what of a lang.txt is one, and which texts say nothing.

Standard library only: the Snakefile asks while it is being parsed.
"""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from bridgelib.raw.rejection import Rejected
from bridgelib.raw.remarks import Noticed

CONFIDENCE = re.compile(r"\W*confidence\W*([:=]|[0-9.]+\W*$)")  # a line that says how sure the annotator was
LONGEST_INSTRUCTION = 10_000  # characters; the longest of the release have some two hundred
MOST_INSTRUCTIONS = 1_000  # lines of one file; the release has a few
# What tables and programs write where there is no text; compared by letters alone, so "<N/A>" is "na".
NOTHING = {
    *("none", "null", "nil", "nan", "na", "nat", "undefined", "unknown", "unlabeled", "unlabelled", "missing", "empty"),
    *("notavailable", "notapplicable", "noinstruction", "nolanguage", "nolabel", "blank", "tbd", "todo", "无", "空"),
}
INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0"  # Hangul fillers, which Unicode counts as letters


def read_languages(content: bytes | None) -> tuple[tuple[str, ...], tuple[Noticed, ...]]:
    """What a lang.txt says, one instruction in a line.

    Args:
        content: Of the file; None where there is none.

    Returns:
        The instructions, ("",) where there is none, and what is odd about the file.

    Raises:
        Rejected: `language_not_utf8` or `language_too_long`.
    """
    if content is None:
        return ("",), ()
    lines = [line for line in map(trimmed, _decoded(content).splitlines()) if line]
    _refuse_unlike_instructions(lines)
    confidences = [line for line in lines if CONFIDENCE.match(_plain(line))]
    others = [line for line in lines if not CONFIDENCE.match(_plain(line))]
    languages = tuple(filter(says_something, others)) or ("",)
    noticed = [Noticed("confidence_line", repr(line)) for line in confidences if not line.startswith("confidence:")]
    if languages == ("",):
        held = repr(others[0]) if others else "nothing but a line of confidence" if confidences else "nothing visible"
        noticed.append(Noticed("no_instruction", f"lang.txt holds {held}"))
    return languages, tuple(noticed)


def _refuse_unlike_instructions(lines: Sequence[str]) -> None:
    longest = max(map(len, lines), default=0)
    if longest > LONGEST_INSTRUCTION or len(lines) > MOST_INSTRUCTIONS:
        told = f"lang.txt holds {len(lines):,} lines of up to {longest:,} characters"
        raise Rejected("language_too_long", f"{told}; {MOST_INSTRUCTIONS:,} of {LONGEST_INSTRUCTION:,} are allowed")


def has_instruction(path: Path) -> bool:
    """Whether a lang.txt is there and has an instruction that a conversion would take."""
    try:
        return any(read_languages(path.read_bytes())[0])
    except (OSError, Rejected):
        return False


def says_something(text: str) -> bool:
    """Whether a text can be an instruction: it has visible letters, and is no word for nothing, as `None` is."""
    letters = "".join(filter(str.isalpha, _plain(text).translate(dict.fromkeys(map(ord, INVISIBLE_LETTERS)))))
    return bool(letters) and letters not in NOTHING


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
