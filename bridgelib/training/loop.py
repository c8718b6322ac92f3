"""The training loop: train steps, and logging, validation and saving whenever they are due."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import jax

from bridgelib.progress import Progress
from bridgelib.training.checkpoints import Checkpoints, LoopState
from bridgelib.training.devices import any_process, is_writer
from bridgelib.training.guard import FiniteGuard
from bridgelib.training.interruption import Interrupted, Interruption
from bridgelib.training.learner import Learner
from bridgelib.training.metrics import Metrics
from bridgelib.training.tracking import WandbMirror

SCORE = "mse"  # the value by which validations are compared; lower is better


class Batches(Protocol):
    """Training batches in the order of their steps."""

    def __next__(self) -> Mapping[str, Any]:
        """The next batch."""

    waited: float  # seconds that `next` has waited so far, in all


@dataclass(frozen=True)
class Schedule:
    """How long to train, and how often to log, validate and save; in steps."""

    num_steps: int
    log_interval: int
    eval_interval: int
    save_interval: int


@dataclass
class Loop:
    """A run in progress, always at a whole step: `learner` and `state` belong together between any two calls.

    Attributes:
        learner: What learns.
        batches: What it learns from; the next batch is that of step `state.step`.
        validate: Gives the numbers of a validation, or None where there is nothing to validate on.
        schedule: When to log, validate, save and end.
        metrics, mirror: Where the numbers go; None in a process that does not write.
        checkpoints: Where the states go.
        interruption: Polled between any two steps; `validate` polls it too.
        state: Where the run stands.
        saved: The state in the newest checkpoint; None without one.
    """

    learner: Learner
    batches: Batches
    validate: Callable[[], Mapping[str, float]] | None
    schedule: Schedule
    metrics: Metrics | None
    mirror: WandbMirror | None
    checkpoints: Checkpoints
    interruption: Interruption
    state: LoopState
    saved: LoopState | None

    def run(self) -> None:
        """Train to the last step.

        A validation after the last step that is not due by its interval stands behind the last checkpoint, so that a
        longer run, which would not have it, can resume from it.

        Raises:
            Interrupted: A signal came. What was learned is saved.
            DataError: A quantity is no longer finite. The last good checkpoint is kept.
        """
        self._begin()
        try:
            while True:
                if self.state.step % self.schedule.eval_interval == 0:
                    self._validate()
                if self._save_is_due():
                    self._save()
                if self.state.step == self.schedule.num_steps:
                    break
                self._stop_if_asked()
                self._train_step()
                if self.state.step % self.schedule.log_interval == 0:
                    self._log()
            self._validate()
        except Interrupted:
            if self.state.step > (self.saved.step if self.saved else 0):
                self._save()
            raise

    def _begin(self) -> None:
        self._guard = FiniteGuard(self.state.step)
        self._resumed = {"resumed_from": self.state.step} if self.state.step else {}
        self._started = time.monotonic() - self.state.seconds
        self._progress: Progress | None = None

    def _validate(self) -> None:
        """Validate, unless that was done after this step, or there is nothing to validate on."""
        step = self.state.step
        if self.validate is None or self.state.validated_step >= step:
            return
        values = self.validate()
        self._guard.check_values({f"validation {name}": value for name, value in values.items()}, step)
        self._write("validation", values, {"seconds": self._seconds()})
        print(f"validation after step {step}: {_scores(values)}", file=sys.stderr, flush=True)
        best = self.state.best_score
        self.state = replace(self.state, validated_step=step)
        if SCORE in values and (best is None or values[SCORE] < best):
            self.state = replace(self.state, best_step=step, best_score=float(values[SCORE]))

    def _save_is_due(self) -> bool:
        step = self.state.step
        due = step % self.schedule.save_interval == 0 or step in (self.schedule.num_steps, self.state.best_step)
        return due and step > 0 and self.state != self.saved

    def _save(self) -> None:
        state = self.learner.state()
        self._guard.check_state(state, self.state.step)
        position = self.metrics.position() if self.metrics else self.state.log_position
        self.state = replace(self.state, log_position=position, seconds=self._seconds())
        if is_writer():
            self.checkpoints.save(state, self.state)
        self.saved = self.state

    def _stop_if_asked(self) -> None:
        if any_process(self.interruption.signal is not None):
            raise Interrupted(self.interruption.signal or "a signal to another process")

    def _train_step(self) -> None:
        self._info = self.learner.update(next(self.batches))
        self.state = replace(self.state, step=self.state.step + 1)
        if self._progress is None:  # the first step, which compiles, would spoil the rate
            self._progress = Progress(self.schedule.num_steps, "steps", "training", start=self.state.step)
            self._logged, self._note = (time.monotonic(), self.batches.waited, self.state.step), ""
        else:
            self._progress.advance(note=self._note)

    def _log(self) -> None:
        values = {name: float(value) for name, value in jax.device_get(self._info).items()}
        self._guard.check_values(values, self.state.step)
        now, waited = time.monotonic(), self.batches.waited
        since, waited_before, step_before = self._logged
        seconds = max(now - since, 1e-9)
        self._logged = (now, waited, self.state.step)
        timing = {
            "seconds": self._seconds(),
            "steps_per_second": (self.state.step - step_before) / seconds,
            "waiting_for_data": (waited - waited_before) / seconds,
        }
        self._write("train", values, timing)
        self._note = f"{_loss(values)}, waiting for data {timing['waiting_for_data']:.0%} of the time"

    def _write(self, kind: str, values: Mapping[str, float], timing: Mapping[str, float]) -> None:
        """Write one line; the first after a resumption says so, among what depends on the clock."""
        if self.metrics and self.mirror:
            self.mirror.write(self.metrics.write(self.state.step, kind, values, {**timing, **self._resumed}))
        self._resumed = {}

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started, 3)


def _scores(values: Mapping[str, float]) -> str:
    """The squared error beside that of predicting the mean action, for the progress lines."""
    return ", ".join(f"{name} {value:.4g}" for name, value in sorted(values.items()) if name.startswith(SCORE))


def _loss(values: Mapping[str, float]) -> str:
    """The first loss among the logged values, for the progress line."""
    return next((f"{name} {value:.4g}" for name, value in values.items() if "loss" in name), "")
