"""The two errors that a user or their data can cause, and how programs print them."""

import os
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import partial
from pathlib import Path

REFUSAL_NOTE = "BRIDGE_REFUSAL_NOTE"
"""The variable that names a file for the words of a refusal; see `bridgelib.jobs.refusals`."""


class BridgeError(Exception):
    """An error whose message lets the reader act: where, what was given, what is allowed, what to do.

    Args:
        where: The file, key, trajectory or option concerned.
        given: What was found there.
        allowed: What would have been accepted; a list is joined by commas.
        do: What to do next, as an imperative sentence.
    """

    def __init__(self, where: object, *, given: object = None, allowed: object = None, do: str | None = None):
        super().__init__(where, given, allowed, do)
        self.where, self.given, self.do = str(where), given, do
        if isinstance(allowed, Iterable) and not isinstance(allowed, str):
            allowed = ", ".join(map(str, allowed))
        self.allowed = allowed

    def __reduce__(self) -> tuple[Callable[[], "BridgeError"], tuple[()]]:
        # Else a worker process could not pass it on: exceptions are unpickled from positional arguments.
        return partial(type(self), self.where, given=self.given, allowed=self.allowed, do=self.do), ()

    def __str__(self) -> str:
        lines = [f"{type(self).__name__}: {self.where}"]
        for label, text in (("given", self.given), ("allowed", self.allowed), ("to do", self.do)):
            if text is not None:
                lines.append(f"  {label + ':':<9}{text}")
        return "\n".join(lines)


class ConfigError(BridgeError):
    """A setting that cannot be used: a profile, an experiments file, a command-line option."""


class DataError(BridgeError):
    """Data that cannot be used: a raw tree, a shard, a TFRecord, a run folder."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the entry of `known` closest to a misspelt `name`, or None when none is close."""
    close = get_close_matches(str(name), [str(entry) for entry in known], n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None


def run_program(main: Callable[[], int | None]) -> None:
    """Run a command-line program: user and data errors without a traceback (exit 2), Ctrl-C as exit 130."""
    try:
        code = main()
    except BridgeError as error:
        print(error, file=sys.stderr)
        _note(error)
        code = 2
    except KeyboardInterrupt:
        print(
            "Interrupted. What was finished is kept, nothing is half written: run the command again.",
            file=sys.stderr,
        )
        code = 130
    except BrokenPipeError:
        code = 141
    sys.exit(code)


def _note(error: BridgeError) -> None:
    """Note a refusal where the variable asks for it, unless a second attempt may succeed (a disk, a network)."""
    note = os.environ.get(REFUSAL_NOTE)
    if note is None or isinstance(error.__cause__, OSError):
        return
    try:
        Path(note).parent.mkdir(parents=True, exist_ok=True)
        Path(note).write_text(str(error), encoding="utf-8")
    except OSError as problem:
        print(f"the refusal could not be noted, so the job may be started again: {problem}", file=sys.stderr)
