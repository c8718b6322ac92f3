"""Checks of an experiment before any job starts: why it cannot be trained, and what in it is probably a mistake.

Each check is a function of a plan and the name of an experiment that returns or raises a refusal, or returns None.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from bridgelib.config.algorithms.parts import OptimiserSettings
from bridgelib.errors import BridgeError, ConfigError, DataError
from bridgelib.evaluation.simulated import refuse_unknown_tasks
from bridgelib.language.presence import refuse_without_language
from bridgelib.layout import portable_path
from bridgelib.raw.chosen import name_problem
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.records import steps_made


def experiment_refusals(plan: WorkflowPlan, name: str) -> Iterator[BridgeError]:
    """Why an experiment cannot be trained.

    One without data does not stop the others; it is refused only where no experiment has data.
    """
    checks = (*_CHECKS, without_data) if nothing_to_train_on(plan) else _CHECKS
    return distinct(partial(check, plan, name) for check in checks)


def nothing_to_train_on(plan: WorkflowPlan) -> bool:
    """Whether no experiment has data, as far as the tasks of all are known."""
    try:
        return all(without_data(plan, name) for name in plan.settings.experiments)
    except BridgeError:  # the checks of that experiment refuse it
        return False


def distinct(checks: Iterable[Callable[[], BridgeError | None]]) -> Iterator[BridgeError]:
    """What checks refuse, each reason once: several of them may find that the tasks cannot be determined."""
    said = set()
    for check in checks:
        if (refusal := answer(check)) and str(refusal) not in said:
            said.add(str(refusal))
            yield refusal


def answer(check: Callable[[], BridgeError | None]) -> BridgeError | None:
    """The refusal that a check gives or raises."""
    try:
        return check()
    except BridgeError as error:
        return error


def without_language(plan: WorkflowPlan, name: str) -> None:
    """Refuse an experiment that follows instructions on tasks without any; refuse one without tasks."""
    own = plan.data_root(name) == plan.machine.tfrecord and not plan.simulation
    raw = Path(plan.machine.raw) if own else None
    refuse_without_language(plan.experiment(name), plan.tasks(name), Path(plan.data_root(name)), raw)


def unknown_to_simulators(plan: WorkflowPlan, name: str) -> None:
    """Refuse an experiment whose policy is chosen by its success where that cannot be seen."""
    refuse_unknown_tasks(plan.experiment(name), plan.tasks(name))


def unnameable(plan: WorkflowPlan, name: str) -> ConfigError | None:
    """Snakemake would take the experiment's name, or that of one of its folders, for a pattern."""
    for key, given in (("name", name), ("data_root", plan.experiment(name).data_root or "")):
        if problem := name_problem(given):
            return ConfigError(f"{_where(plan, name)}, key '{key}'", given=f"{given}: {problem}")
    return None


def without_gaze(plan: WorkflowPlan, name: str) -> ConfigError | None:
    """The experiment learns from gaze, and this machine makes TFRecords without gaze maps."""
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


def too_many_gpus(plan: WorkflowPlan, name: str) -> ConfigError | None:
    """The experiment takes more GPUs than there are."""
    num_devices, present = plan.gpus(name), len(plan.machine.gpus)
    if num_devices <= max(1, present):
        return None
    return ConfigError(
        _where(plan, name),
        given=f"cuda_visible_devices names {num_devices} GPUs, machine '{plan.machine.name}' has {present}",
        do="ask for fewer, or list the GPUs under `gpus:` in the machine profile",
    )


def without_cuda(plan: WorkflowPlan, name: str) -> ConfigError | None:
    """The experiment takes a GPU, and the JAX of the machine's environment supports none."""
    num_devices = plan.gpus(name)
    if not num_devices or plan.machine.environment != "cpu" or plan.settings.env != "rule":
        return None
    return ConfigError(
        _where(plan, name),
        given=f"it takes {num_devices} GPU{'s' * (num_devices > 1)}, and the machine profile has `environment: cpu`, "
        "whose JAX knows no GPU",
        allowed="environment: cuda12 or cuda13",
        do="set it in the machine profile; or, to train on the CPU: --config jax_platform=cpu",
    )


def undivided_batch(plan: WorkflowPlan, name: str) -> ConfigError | None:
    """The experiment's devices do not divide one of its batches."""
    num_devices, config = plan.gpus(name), plan.experiment(name).config
    for key, size in (("train_batch_size", config["batch_size"]), ("val_batch_size", config["val_batch_size"])):
        if num_devices > 1 and size % num_devices:
            below = size - size % num_devices
            return ConfigError(
                _where(plan, name),
                given=f"{key} {size} on {num_devices} devices",
                allowed=f"a multiple of {num_devices}",
                do="take " + " or ".join(str(near) for near in (below, below + num_devices) if near),
            )
    return None


def endless_warmup(plan: WorkflowPlan, name: str) -> ConfigError | None:
    """The learning rate would still be rising when the training ends."""
    settings = plan.experiment(name).settings
    agent, steps = settings.agent_kwargs, settings.num_steps
    warmup = agent.warmup_steps if isinstance(agent, OptimiserSettings) else 0
    if warmup < steps:
        return None
    return ConfigError(
        f"{_where(plan, name)}, warmup_steps",
        given=f"{warmup}, of num_steps {steps}: the learning rate would never be reached",
        allowed=f"less than {steps}",
        do="warm up over fewer steps (`warmup_steps` in `global:`), or train for more",
    )


def without_data(plan: WorkflowPlan, name: str) -> DataError | None:
    """None of the experiment's tasks holds a trajectory, as their conversion has found already."""
    empty = [plan.holds_nothing(name, task) for task in plan.tasks(name)]
    if not all(empty):
        return None
    tasks = plan.tasks(name)
    more = f" and {len(tasks) - 5} more" if len(tasks) > 5 else ""
    return DataError(
        _where(plan, name),
        given=f"no trajectory to train on: nothing was kept of {', '.join(tasks[:5])}{more}",
        do="repair the raw data (the data report says what was wrong with it), or train on another task",
    )


def trained_further(plan: WorkflowPlan, name: str) -> DataError | None:
    """The experiment's run has made more steps than `num_steps`; training would refuse that, each time."""
    made, wanted = steps_made(plan.staleness, name), plan.experiment(name).config["num_steps"]
    if made is None or made <= wanted:
        return None
    return DataError(
        _where(plan, name),
        given=f"num_steps {wanted}, where its run has made {made} steps",
        allowed=f"{made} or more",
        do=f"raise num_steps, or move {Path(plan.done_file(name)).parent} away to train from the start",
    )


_CHECKS: tuple[Callable[[WorkflowPlan, str], BridgeError | None], ...] = (
    without_language,
    unknown_to_simulators,
    unnameable,
    without_gaze,
    too_many_gpus,
    without_cuda,
    undivided_batch,
    endless_warmup,
    trained_further,
)


def oddities(plan: WorkflowPlan, name: str) -> Iterator[str]:
    """What works, but probably not as intended."""
    config, agent = plan.experiment(name).config, plan.experiment(name).settings.agent_kwargs
    steps = config["num_steps"]
    for key in ("log_interval", "keep_every"):
        if (config[key] or 0) > steps:
            yield f"experiment '{name}': {key} {config[key]} is more than num_steps {steps}, so it never comes"
    if (config["keep_every"] or 0) % config["save_interval"]:
        yield (
            f"experiment '{name}': keep_every {config['keep_every']} is no multiple of save_interval "
            f"{config['save_interval']}, so only checkpoints of steps that both divide are kept"
        )
    if isinstance(agent, OptimiserSettings) and agent.decayed_at is not None and agent.decayed_at < steps:
        yield (
            f"experiment '{name}': {agent.decay} {agent.decayed_at} is less than num_steps {steps}, "
            f"so the last {steps - agent.decayed_at} steps learn nothing (the learning rate is 0)"
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
        if plan.holds_nothing(name, task):
            yield f"experiment '{name}': task {task} holds no trajectory, and is passed over"


def _transitions(plan: WorkflowPlan, name: str) -> int | None:
    """How many transitions its tasks have, about; None where that is not known yet."""
    tasks, known = plan.tasks(name), plan.survey.tasks
    if plan.data_root(name) != plan.machine.tfrecord or not {*tasks} <= known.keys():
        return None
    return round(sum(known[task].frames - known[task].trajectories for task in tasks)) or None


def _where(plan: WorkflowPlan, name: str) -> str:
    return f"{portable_path(plan.settings.experiments_file)}, experiment '{name}'"
