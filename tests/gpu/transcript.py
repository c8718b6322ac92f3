"""Commands run one after the other, and a text of what each was and said, without the paths of the machine."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LINES = 60  # of a command's output that are kept


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        title: What it shows.
        command: The words.
        folder: Where it runs.
        variables: Its environment.
    """

    title: str
    command: Sequence[str]
    folder: Path
    variables: Mapping[str, str]


@dataclass
class Transcript:
    """What was run and what came of it.

    Attributes:
        heading: Its first lines.
        shortened: Text that is not to be kept -> what stands for it, the longest first.
        failed: The titles of the steps that failed.
    """

    heading: str
    shortened: Mapping[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)

    def run(self, step: Step) -> bool:
        """Run a step to its end; whether it ended well."""
        print(f"{step.title} …", flush=True)
        began = time.monotonic()
        done = subprocess.run(
            step.command, cwd=step.folder, env=dict(step.variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
        outcome = "passed" if done.returncode == 0 else f"FAILED (exit {done.returncode})"
        if done.returncode:
            self.failed.append(step.title)
        lines = done.stdout.replace("\r", "\n").splitlines()[-_LINES:]
        title = f"== {step.title}: {outcome}, {time.monotonic() - began:.0f} s"
        self._parts.append("\n".join([title, f"$ {' '.join(step.command)}", *lines]))
        print(self._without_paths(self._parts[-1] if done.returncode else title), flush=True)
        return done.returncode == 0

    def text(self) -> str:
        """All of it."""
        end = f"== {len(self.failed)} failed: {', '.join(self.failed)}" if self.failed else "== all passed"
        return self._without_paths("\n\n".join([self.heading, *self._parts, end]) + "\n")

    def _without_paths(self, text: str) -> str:
        for long in sorted(self.shortened, key=len, reverse=True):
            text = text.replace(long, self.shortened[long])
        return text
