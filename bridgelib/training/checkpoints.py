"""The checkpoints of a run: written whole or not at all, verified by a hash, and removed when no longer wanted.

checkpoints/step-000005000.msgpack   the learner's state (flax.serialization: weights, targets, optimiser, key)
checkpoints/step-000005000.json      its hash and the loop's own state; written last, so it vouches for the other
"""

import hashlib
import re
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bridgelib.errors import DataError
from bridgelib.files import read_json, write_json, written_whole
from bridgelib.policy.weights import packed, unpacked

_SIDECAR = re.compile(r"step-(\d+)\.json")
_FILE = re.compile(r"step-(\d+)\.(?:json|msgpack)")


@dataclass(frozen=True)
class LoopState:
    """What the loop must know to resume, besides the learner's own state.

    Attributes:
        step: Updates made.
        log_position: Bytes of metrics.jsonl that belong to these updates.
        validated_step: The last step that was validated; -1 before the first.
        best_step, best_score: The validated step of the lowest score so far (None before the first), and that score.
        seconds: How long training has taken, over all restarts. Alone of these it may differ between equal runs.
    """

    step: int = 0
    log_position: int = 0
    validated_step: int = -1
    best_step: int | None = None
    best_score: float | None = None
    seconds: float = field(default=0.0, compare=False)


class Checkpoints:
    """The checkpoints of one run: the best, the last `keep_last`, and every `keep_every` steps.

    A run that is stopped leaves a checkpoint that it would not have written otherwise. No regular one makes room for
    it, so that what is kept in the end does not depend on when a run was stopped.

    Args:
        folder: Where they lie.
        keep_last: How many of the newest to keep; two by default, so that a damaged one has one before it.
        keep_every: Also keep those whose step is a multiple of this; None for none.
        interval: A run writes one every so many steps, besides the best.
    """

    def __init__(self, folder: Path, keep_last: int = 2, keep_every: int | None = None, interval: int = 1):
        self.folder, self.keep_last, self.keep_every, self.interval = folder, keep_last, keep_every, interval

    def steps(self) -> list[int]:
        """The steps of the complete checkpoints, ascending."""
        names = (_SIDECAR.fullmatch(path.name) for path in self.folder.glob("step-*.json"))
        return sorted(int(name[1]) for name in names if name)

    def regular(self) -> list[int]:
        """Those of `steps` that an undisturbed run has too: multiples of `interval`, the best ones, and the newest."""
        steps = self.steps()
        return [step for step in steps if step == steps[-1] or step % self.interval == 0 or self._was_best(step)]

    def save(self, state: Any, loop: LoopState) -> None:
        """Write one checkpoint, then remove those no longer wanted.

        Args:
            state: A pytree of arrays.
            loop: The loop's own state.
        """
        content = packed(state)
        with written_whole(self._state_file(loop.step)) as partial:
            partial.write_bytes(content)
        seal = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "loop": asdict(loop)}
        write_json(self._sidecar(loop.step), seal)
        self._remove_unwanted(loop)

    def load(self, step: int, template: Any) -> tuple[Any, LoopState]:
        """Read one checkpoint.

        Args:
            step: The checkpoint's step.
            template: A pytree of the same structure, shapes and dtypes.

        Raises:
            DataError: The checkpoint is missing, damaged, or of another learner.
        """
        content, loop = self._sound(step)
        return self._unpacked(content, template, step), loop

    def newest(self, template: Any, log_bytes: int) -> tuple[Any, LoopState] | None:
        """The newest checkpoint that is sound, or None; says on standard error why another is passed over.

        Args:
            template: As for `load`.
            log_bytes: The size of metrics.jsonl. A checkpoint that knows of more than that cannot be resumed.

        Raises:
            DataError: There are sound ones, and none can be resumed: they are of another learner, the disk does
                not give them, or metrics.jsonl is too short for each. A start from the beginning would remove them.
        """
        unusable = None
        for step in reversed(self.steps()):
            try:
                content, loop = self._sound(step)
                if loop.log_position > log_bytes:
                    unusable = DataError(
                        self._sidecar(step),
                        given=f"metrics.jsonl has {log_bytes} of its {loop.log_position} bytes",
                        do="put metrics.jsonl back, or remove the run folder to train from the start",
                    )
                    raise unusable
            except DataError as error:
                if isinstance(error.__cause__, OSError):  # the disk failed, so it may still be sound
                    unusable = error
                print(f"{error}\n  Passing over the checkpoint of step {step}.", file=sys.stderr)
            else:
                return self._unpacked(content, template, step), loop
        if unusable:
            raise unusable
        return None

    def _sound(self, step: int) -> tuple[bytes, LoopState]:
        """The bytes of a checkpoint that are as they were written, and its loop."""
        seal, path = read_json(self._sidecar(step)), self._state_file(step)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise DataError(path, given="no such file") from None
        except OSError as error:
            raise DataError(path, given=error.strerror, do="check the disk and the file's permissions") from error
        if hashlib.sha256(content).hexdigest() != seal.get("sha256"):
            raise DataError(path, given="its content does not match its hash", do="remove it and its .json")
        return content, LoopState(**seal["loop"])

    def _unpacked(self, content: bytes, template: Any, step: int) -> Any:
        try:
            return unpacked(content, template, str(self._state_file(step)))
        except DataError as error:
            raise DataError(
                error.where,
                given=error.given,
                allowed=error.allowed,
                do="resume with the code it was trained with (began_with in config.json says which), or remove the run "
                "folder to train from the start",
            ) from error

    def discard_after(self, step: int) -> None:
        """Remove what lies beyond `step`, which will be written again, and what was left half written or removed."""
        kept = {kept for kept in self.steps() if kept <= step}
        for path in self.folder.glob(".step-*.partial"):
            path.unlink()
        for path in self.folder.glob("step-*"):
            name = _FILE.fullmatch(path.name)
            if name and int(name[1]) not in kept:
                path.unlink()

    def _remove_unwanted(self, loop: LoopState) -> None:
        steps, regular = self.steps(), self.regular()
        before = sorted(steps[:-1], key=lambda step: (step in regular, step), reverse=True)
        wanted = {steps[-1], *before[: self.keep_last - 1], loop.best_step}
        if self.keep_every:
            wanted |= {step for step in regular if step % self.keep_every == 0}
        for step in set(steps) - wanted:
            # The sidecar first: a state without one does not count as a checkpoint.
            self._sidecar(step).unlink()
            self._state_file(step).unlink(missing_ok=True)

    def _was_best(self, step: int) -> bool:
        try:
            return read_json(self._sidecar(step))["loop"]["best_step"] == step
        except (DataError, KeyError, TypeError):
            return False  # a damaged one, which `newest` reports

    def _sidecar(self, step: int) -> Path:
        return self.folder / f"step-{step:09d}.json"

    def _state_file(self, step: int) -> Path:
        return self.folder / f"step-{step:09d}.msgpack"
