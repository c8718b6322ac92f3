"""Admission: before any job starts, refuse what could only fail later, and remark on what is probably a mistake.

`Admission(plan).refusals()` are all of them: the Snakefile raises the first, the doctor may show every one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from bridgelib.errors import BridgeError, ConfigError
from bridgelib.sim.plan import FIRST_CHOICE_SEED
from bridgelib.workflow.experiment_checks import answer, distinct, experiment_refusals, oddities
from bridgelib.workflow.forecast import impossible, in_brief
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stage import Slots, StageForecast
from bridgelib.workflow.stages import environment_stage, stages
from bridgelib.workflow.targets import (
    FORECAST,
    ROLLED_OUT,
    SIMULATED,
    TRAINING,
    WITHOUT_DATA,
    WITHOUT_RECORDS,
    makes_nothing,
    refuse_misunderstood,
    targets_in,
)


@dataclass(frozen=True)
class Admission:
    """The checks of one call: whether what its command line asks for can be done by the plan.

    Attributes:
        plan: The plan.
        words: The words of the command line; none ask for everything. Checks of data or training are skipped where
            no target needs them.
        slots: What jobs may use at the same time; all cores and the profile's GPUs if None.
    """

    plan: WorkflowPlan
    words: Sequence[str] = ()
    slots: Slots | None = None

    def refusals(self) -> Iterator[BridgeError]:
        """Everything that can be refused now, as far as the targets need it.

        No raw data, a wrong depth, an experiment without tasks, devices that do not fit, more than the disk or the
        memory holds; what the first ones leave unknown is not asked.
        """
        plan, names = self.plan, tuple(self.plan.settings.experiments)
        yield from distinct([self._misunderstood])
        if self._is_spared:
            return
        unread = partial(unreadable, plan)
        yield from distinct([partial(without_simulator, plan, self.targets), partial(taken_seeds, plan), unread])
        if answer(unread) or self._only_forecasts:
            return
        if self._trains:
            for name in names:
                yield from experiment_refusals(plan, name)
        yield from distinct([partial(unfit_boxes, plan)])
        if plan.settings.forecast == "refuse" and not self._names_files:
            yield from impossible(self.stages, f"machine '{plan.machine.name}'")

    def needs(self) -> str:
        """What the remaining work will need, in a few lines; empty where nothing remains, or nobody asks."""
        silent = self._is_spared or self._only_forecasts
        return "" if silent else in_brief(self.stages, self.plan.machine.name)

    def asides(self) -> list[str]:
        """Lines for people: what is left out or probably a mistake, as far as it concerns the requested targets."""
        if self._is_spared:
            return []
        chosen, names = self.plan.chosen, self.plan.settings.experiments if self._trains else ()
        lines = [f"task {entry.path!r} is passed over: {entry.why}" for entry in chosen.unnameable]
        lines += [f"`exclude:` of the machine profile: '{pattern}' is no task" for pattern in chosen.idle]
        lines += [line for name in names for line in oddities(self.plan, name)]
        rolled_out = not self.targets or bool(self.targets & ROLLED_OUT)
        return lines + (self.plan.rollouts.asides() if rolled_out else [])

    @cached_property
    def targets(self) -> set[str]:
        """The targets among the words."""
        return targets_in(self.words)

    @cached_property
    def stages(self) -> list[StageForecast]:
        """What the steps that the targets ask for still need."""
        beyond = set()
        if self.targets and not self.targets & TRAINING:
            beyond = {"train_policy", *map(environment_stage, self.plan.environments[1:])}  # all but that of conversion
            beyond |= set() if self.targets - WITHOUT_RECORDS else {"numpy_to_tfrecord"}
        return [stage for stage in stages(self.plan, self.slots) if stage.name not in beyond]

    @property
    def _is_spared(self) -> bool:
        """Whether nothing is checked: the doctor, which reports all that is wrong, must be able to start."""
        without_data = bool(self.targets) and self.targets <= WITHOUT_DATA
        return "doctor" in self.words or makes_nothing(self.words) or without_data

    @property
    def _only_forecasts(self) -> bool:
        return bool(self.targets) and self.targets <= FORECAST

    @property
    def _trains(self) -> bool:
        return not self.targets or bool(self.targets & TRAINING)

    @property
    def _names_files(self) -> bool:
        """Whether single files are asked for: then what all of them would take says nothing."""
        machine = self.plan.machine
        roots = (machine.raw, machine.numpy, machine.tfrecord, machine.runs)
        paths = [Path(word).absolute() for word in self.words if "/" in word and "=" not in word and word[0] != "-"]
        return any(path.is_relative_to(root) for path in paths for root in roots)

    def _misunderstood(self) -> None:
        plan = self.plan
        refuse_misunderstood(self.words, {name: plan.done_file(name) for name in plan.settings.experiments})


def unreadable(plan: WorkflowPlan) -> None:
    """Refuse roots, a raw tree or a simulation whose tasks cannot be determined."""
    _ = plan.data_roots, plan.dated_folders


def without_simulator(plan: WorkflowPlan, targets: set[str]) -> ConfigError | None:
    """Rollouts are asked for where no simulator has the tasks, or of no task that is simulated."""
    if not targets & SIMULATED or plan.rollouts.experiments:
        return None
    if plan.simulation:
        return plan.rollouts.not_simulated(next(iter(plan.settings.experiments)))
    return ConfigError(
        f"target '{min(targets & SIMULATED)}'",
        given=f"machine '{plan.machine.name}', whose tasks no simulator has",
        allowed="a machine profile with `simulation:`, such as demo",
        do="for real data: snakemake evaluate_all; a policy of simulated tasks anywhere: "
        "python workflow_scripts/rollout_policy.py --help",
    )


def taken_seeds(plan: WorkflowPlan) -> ConfigError | None:
    """Policies would be evaluated in scenes reserved for choosing policies or for demonstrations."""
    last = plan.settings.episode_seed + plan.settings.episodes - 1
    if not plan.simulation or last < FIRST_CHOICE_SEED:
        return None
    return ConfigError(
        "config/config.yaml or --config, key 'episode_seed'",
        given=f"{plan.settings.episode_seed}, so that the last scene has seed {last}",
        allowed=f"seeds below 2^47, {FIRST_CHOICE_SEED}: others are for choosing policies, or taken",
        do="begin at a lower seed",
    )


def unfit_boxes(plan: WorkflowPlan) -> ConfigError | None:
    """Gaze boxes lie in no trajectory that the survey looked at: every trajectory would be rejected."""
    machine = plan.machine
    gaze, samples = machine.gaze, plan.survey.samples if machine.gaze != "none" else ()
    having = {
        source: sum(Path(machine.raw, path, f"{source}.pkl").exists() for path in samples)
        for source in ("filter", "no_filter")
    }
    if not samples or having[gaze]:
        return None
    there = next((source for source, count in having.items() if count), "none")
    return ConfigError(
        f"machine '{machine.name}', key 'gaze'",
        given=f"{gaze}, but of {len(samples)} trajectories looked at none has a {gaze}.pkl",
        allowed=f"gaze: {there}, as the raw data is",
        do=f"set it, or add {gaze}.pkl to the trajectories: those without it are rejected",
    )
