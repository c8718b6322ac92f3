"""What a plan refuses before any job starts, because it could only fail later; and what in it is merely odd.

Each check is a function of a plan and one of its experiments. It gives the refusal, or None.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bridgelib.errors import BridgeError, ConfigError, DataError
from bridgelib.layout import portable_path
from bridgelib.raw.chosen import name_problem
from bridgelib.workflow.records import holds_nothing, steps_made

if TYPE_CHECKING:
    from bridgelib.workflow.plan import WorkflowPlan


def refusals(plan: "WorkflowPlan", name: str) -> Iterator[BridgeError]:
    """Why an experiment cannot be trained, as far as that is known by now.

    One without data is no reason to train none of the others: only where all are, none is started.
    """
    no_data = all(without_data(plan, other) for other in plan.settings.experiments)
    for check in (*_CHECKS, without_data) if no_data else _CHECKS:
        if refusal := check(plan, name):
            yield refusal


def unnameable(plan: "WorkflowPlan", name: str) -> ConfigError | None:
    """Snakemake would take its name, or that of a folder of its own, for a pattern."""
    for key, given in (("name", name), ("data_root", plan.experiment(name).data_root or "")):
        if problem := name_problem(given):
            return ConfigError(f"{_where(plan, name)}, key '{key}'", given=f"{given}: {problem}")
    return None


def without_gaze(plan: "WorkflowPlan", name: str) -> ConfigError | None:
    """It learns from gaze, on TFRecords that this machine makes without."""
    experiment = plan.experiment(name)
    if "gaze" not in experiment.needs or plan.machine.gaze != "none" or plan.data_root(name) != plan.machine.tfrecord:
        return None
    return ConfigError(
        _where(plan, name),
        given=f"{experiment.algorithm}, which learns from gaze; machine '{plan.machine.name}' has gaze: none",
        allowed="gaze: filter or no_filter in the machine profile",
        do="set it to the pickle of boxes that lies in each trajectory's folder, filter.pkl or no_filter.pkl; "
        "or train an algorithm without gaze",
    )


def too_many_gpus(plan: "WorkflowPlan", name: str) -> ConfigError | None:
    """It takes more GPUs than there are."""
    devices, present = plan.gpus(name), len(plan.machine.gpus)
    if devices <= max(1, present):
        return None
    return ConfigError(
        _where(plan, name),
        given=f"cuda_visible_devices names {devices} GPUs, machine '{plan.machine.name}' has {present}",
        do="ask for fewer, or list the GPUs under `gpus:` in the machine profile",
    )


def without_cuda(plan: "WorkflowPlan", name: str) -> ConfigError | None:
    """It takes a GPU, and the JAX of the machine's environment knows none."""
    devices = plan.gpus(name)
    if not devices or plan.machine.environment != "cpu" or plan.settings.env != "rule":
        return None
    return ConfigError(
        _where(plan, name),
        given=f"it takes {devices} GPU{'s' * (devices > 1)}, and the machine profile has `environment: cpu`, "
        "whose JAX knows no GPU",
        allowed="environment: cuda12 or cuda13",
        do="set it in the machine profile; or, to train on the CPU: --config jax_platform=cpu",
    )


def undivided_batch(plan: "WorkflowPlan", name: str) -> ConfigError | None:
    """Its devices do not divide one of its batches."""
    devices, config = plan.gpus(name), plan.experiment(name).config
    for key, size in (("train_batch_size", config["batch_size"]), ("val_batch_size", config["val_batch_size"])):
        if devices > 1 and size % devices:
            below = size - size % devices
            return ConfigError(
                _where(plan, name),
                given=f"{key} {size} on {devices} devices",
                allowed=f"a multiple of {devices}",
                do="take " + " or ".join(str(near) for near in (below, below + devices) if near),
            )
    return None


def endless_warmup(plan: "WorkflowPlan", name: str) -> ConfigError | None:
    """Its learning rate would still be rising when it ends."""
    config = plan.experiment(name).config
    warmup, steps = config["agent_kwargs"].get("warmup_steps", 0), config["num_steps"]
    if warmup < steps:
        return None
    return ConfigError(
        f"{_where(plan, name)}, warmup_steps",
        given=f"{warmup}, of num_steps {steps}: the learning rate would never be reached",
        allowed=f"less than {steps}",
        do="warm up over fewer steps (`warmup_steps` in `global:`), or train for more",
    )


def without_data(plan: "WorkflowPlan", name: str) -> DataError | None:
    """None of its tasks holds a trajectory, as their conversion has found already."""
    empty = [holds_nothing(plan, name, task) for task in plan.tasks(name)]
    if not all(empty):
        return None
    tasks = plan.tasks(name)
    more = f" and {len(tasks) - 5} more" if len(tasks) > 5 else ""
    return DataError(
        _where(plan, name),
        given=f"no trajectory to train on: nothing was kept of {', '.join(tasks[:5])}{more}",
        do="repair the raw data (the data report says what was wrong with it), or train on another task",
    )


def trained_further(plan: "WorkflowPlan", name: str) -> DataError | None:
    """Its run has made more steps than it is to have; training would refuse that, each time."""
    made, wanted = steps_made(plan, name), plan.experiment(name).config["num_steps"]
    if made is None or made <= wanted:
        return None
    return DataError(
        _where(plan, name),
        given=f"num_steps {wanted}, where its run has made {made} steps",
        allowed=f"{made} or more",
        do=f"raise num_steps, or move {Path(plan.done_file(name)).parent} away to train from the start",
    )


_CHECKS: tuple[Callable[["WorkflowPlan", str], BridgeError | None], ...] = (
    unnameable,
    without_gaze,
    too_many_gpus,
    without_cuda,
    undivided_batch,
    endless_warmup,
    trained_further,
)


def unfit_boxes(plan: "WorkflowPlan") -> ConfigError | None:
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


def oddities(plan: "WorkflowPlan", name: str) -> Iterator[str]:
    """What works, but hardly as it is meant."""
    config = plan.experiment(name).config
    steps, agent = config["num_steps"], config["agent_kwargs"]
    for key in ("log_interval", "keep_every"):
        if (config[key] or 0) > steps:
            yield f"experiment '{name}': {key} {config[key]} is more than num_steps {steps}, so it never comes"
    if (config["keep_every"] or 0) % config["save_interval"]:
        yield (
            f"experiment '{name}': keep_every {config['keep_every']} is no multiple of save_interval "
            f"{config['save_interval']}, so only checkpoints of steps that both divide are kept"
        )
    for key in ("decay_steps", "actor_decay_steps"):
        if agent.get(key) is not None and agent[key] < steps:
            yield (
                f"experiment '{name}': {key} {agent[key]} is less than num_steps {steps}, "
                f"so the last {steps - agent[key]} steps learn nothing (the learning rate is 0)"
            )
    if (there := _transitions(plan, name)) is not None and config["batch_size"] > there:
        yield (
            f"experiment '{name}': train_batch_size {config['batch_size']} is more than the {there} transitions there "
            "are, so every batch holds some of them several times"
        )
    if nothing := without_data(plan, name):
        yield f"experiment '{name}' cannot be trained, and its job will fail: {nothing.given}"
        return
    for task in plan.tasks(name):
        if holds_nothing(plan, name, task):
            yield f"experiment '{name}': task {task} holds no trajectory, and is passed over"


def _transitions(plan: "WorkflowPlan", name: str) -> int | None:
    """How many transitions its tasks have, about; None where that is not known yet."""
    contents = [plan.survey.tasks.get(task) for task in plan.tasks(name)]
    if plan.data_root(name) != plan.machine.tfrecord or None in contents:
        return None
    return round(sum(content.frames - content.trajectories for content in contents)) or None


def _where(plan: "WorkflowPlan", name: str) -> str:
    return f"{portable_path(plan.settings.experiments_file)}, experiment '{name}'"
