"""Policies of the checkpoints that a run has kept: made from its folder alone, without its data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from bridgelib.agents import TrainState
from bridgelib.data.statistics import Statistics
from bridgelib.errors import ConfigError, DataError
from bridgelib.files import read_json
from bridgelib.language.table import LanguageTable
from bridgelib.policy import Policy, PolicySpec, policy_of, save
from bridgelib.training.checkpoints import Checkpoints
from bridgelib.training.devices import Devices
from bridgelib.training.folder import RunFolder
from bridgelib.training.loop import SCORE
from bridgelib.training.metrics import read_metrics
from bridgelib.training.provenance import provenance


@dataclass(frozen=True)
class KeptPolicies:
    """The policies that a run's kept checkpoints make. It only reads, so the run may be in training meanwhile.

    Attributes:
        folder: The run's folder.
        language: The language table of its training, if it follows instructions.

    Its methods raise a DataError where a checkpoint is not there or damaged.
    """

    folder: RunFolder
    language: LanguageTable | None = None

    @cached_property
    def checkpoints(self) -> Checkpoints:
        """The run's checkpoints, only to be read."""
        return Checkpoints(self.folder.checkpoints, interval=self._config["save_interval"])

    def scores(self) -> dict[int, float]:
        """Step -> validation error, of the checkpoints that were validated."""
        metrics = self.folder.metrics
        lines = read_metrics(metrics, "validation") if metrics.exists() else ()
        by_step = {line["step"]: line[SCORE] for line in lines}
        return {step: by_step[step] for step in self.checkpoints.steps() if step in by_step}

    def policy(self, step: int) -> Policy:
        """The policy of a checkpoint."""
        return policy_of(self._spec(step), self._state(step), self.language)

    def save(self, step: int, output: Path, made_with: Mapping[str, Any], batch: Mapping | None = None) -> PolicySpec:
        """Write the policy folder of a checkpoint; see `bridgelib.policy.save`.

        Args:
            step: The checkpoint's step.
            output: The policy folder.
            made_with: Versions, device and the like, for policy.json.
            batch: A batch as in training, for the golden input; noise without it.
        """
        spec = self._spec(step)
        save(output, spec, self._state(step), spec.noise() if batch is None else batch, made_with, self.language)
        return spec

    def _spec(self, step: int) -> PolicySpec:
        return replace(self._untrained, step=step)

    @cached_property
    def _untrained(self) -> PolicySpec:
        identity = self.folder.identity
        data, algorithm = identity["data"], identity["algorithm"]
        image_shape = next(iter(data["train"].values()))["image_shape"]  # the same for all tasks
        statistics = Statistics.from_json(self._record.get("statistics") or data["statistics"])
        language_size = self.language.embeddings.shape[1] if self.language else None
        return PolicySpec.of(algorithm, self._config, statistics, image_shape, language_size, step=0)

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        """The complete configuration tree of the last start; `identity` lacks what changes no weight."""
        return self._record["config"]

    @cached_property
    def _record(self) -> Mapping[str, Any]:
        return read_json(self.folder.config)

    def _state(self, step: int) -> TrainState:
        if step not in self.checkpoints.steps():
            raise self._not_there(step, f"no checkpoint of step {step}")
        try:
            return self.checkpoints.load(step, self._template)[0]
        except DataError:
            if step in self.checkpoints.steps():
                raise
            gone = f"the checkpoint of step {step}, which the training has just removed"
            raise self._not_there(step, gone) from None

    @cached_property
    def _template(self) -> TrainState:
        return self._untrained.agent().state

    def _not_there(self, step: int, given: str) -> DataError:
        return DataError(
            self.folder.checkpoints,
            given=given,
            allowed=self.checkpoints.steps() or "none yet",
            do="take one of these (config.keep_last and config.keep_every say how many are kept), or wait for the next",
        )


def export(run: Path, which: int | Literal["best", "last"], output: Path, language: Path | None = None) -> PolicySpec:
    """Write the policy folder of one of a run's checkpoints, of a training that is done, was stopped or still runs.

    Args:
        run: The run's folder, or that of its experiment.
        which: The checkpoint's step, `best` for the lowest validation error, or `last`.
        output: The policy folder.
        language: The language table, where it does not lie in the experiment's folder.

    Returns:
        The spec of the policy.

    Raises:
        ConfigError: The output lies in the run's own folder.
        DataError: There is no such run or checkpoint, it cannot be read, or the language table is another than that of
            the training.
    """
    folder = RunFolder.found(run)
    if output.resolve().is_relative_to(folder.path):
        raise ConfigError(
            "--output",
            given=output,
            allowed="a folder outside the run's own, where only the training writes",
            do="name another folder; the training's own choice is the setting policy_from",
        )
    kept = KeptPolicies(folder, _language_table(folder, language))
    step = which if isinstance(which, int) else _step_of(which, kept)
    asked = {"from": "step" if step == which else which, "step": step}
    made_with = {**provenance(Devices().describe(), processes=1), "run": folder.path.name, "policy": asked}
    return kept.save(step, output, made_with)


def _language_table(folder: RunFolder, given: Path | None) -> LanguageTable | None:
    """The language table that a run was trained with, if it was with any."""
    expected = folder.identity["data"].get("language")
    if expected is None and given is None:
        return None
    path = given or folder.language
    table = LanguageTable.load(path)
    if table.encoder_identity != expected:
        raise DataError(
            path,
            given=f"embeddings by {table.encoder_identity}",
            allowed=f"by {expected}, as in training" if expected else "none: this run follows no instructions",
            do="give the language table of its training" if expected else "leave it out",
        )
    return table


def _step_of(which: str, kept: KeptPolicies) -> int:
    steps = kept.checkpoints.steps()
    scores = kept.scores() if which == "best" else {step: -step for step in steps}
    if not scores:
        raise DataError(
            kept.folder.checkpoints,
            given="no checkpoint that was validated" if steps else "no checkpoint yet",
            do="ask for the last one" if steps else "wait for the first one",
        )
    return min(scores, key=scores.__getitem__)
