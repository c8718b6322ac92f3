"""Print what every remaining step will need: disk, files, memory and time, compared with what this machine has."""

import argparse
from dataclasses import asdict

from bridgelib.capacity import available_cores
from bridgelib.commands._paths import path
from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import load_settings, read_words
from bridgelib.errors import BridgeError, DataError
from bridgelib.files import write_json
from bridgelib.repository import REPOSITORY
from bridgelib.text import duration
from bridgelib.workflow.forecast import as_table, impossible, tree_in_brief
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.probing import alike, probe_conversion, probe_training, training_seconds
from bridgelib.workflow.stage import Slots
from bridgelib.workflow.stages import checkpoints, stages


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    options = parse_arguments(argv)
    config = read_yaml(REPOSITORY / "config" / "config.yaml")
    plan = WorkflowPlan(load_settings({**config, **options.config}, REPOSITORY), REPOSITORY)
    print(tree_in_brief(plan.survey), end="\n\n", flush=True)
    probe, venvs = None, REPOSITORY / ".venvs"
    try:
        probe = probe_conversion(plan, options.environment or str(venvs / "convert"), options.cores)
        speed = f"{probe.raw_to_numpy:.0f} frames/s to numpy, {probe.numpy_to_tfrecord:.0f} frames/s to TFRecord"
        timing = f"one job here makes {speed}, measured just now on {plan.machine.raw}"
    except DataError as error:
        timing = f"conversion not measured: {error.where}: {error.given}. To do: {error.do}"
    print("time:", timing)
    trainings = timed_trainings(plan, options.training_environment or str(venvs / plan.training_environment))
    if options.json:
        write_json(options.json, {"conversion": asdict(probe) if probe else {}, "trainings": trainings})
    left = stages(plan, Slots(options.cores, options.gpus), probe, trainings)
    print("", as_table(left, checkpoints(plan)), sep="\n")
    refusal = next(impossible(left, f"machine '{plan.machine.name}'"), None)
    then = "will be refused" if plan.settings.forecast == "refuse" else "will start all the same"
    print(f"IT DOES NOT FIT, and {then}:\n{refusal}" if refusal else "It fits.")


def timed_trainings(plan: WorkflowPlan, environment: str) -> dict[str, float]:
    """Experiment -> seconds; each kind of training is tried once, and what it showed is printed."""
    seconds, kinds = dict[str, float](), alike(plan)
    for number, (name, names) in enumerate(kinds.items(), 1):
        print(f"trying {name}, {number} of {len(kinds)} kinds of training: up to a minute of compiling", flush=True)
        try:
            speed = probe_training(plan, environment, name)
        except BridgeError as error:
            print(f"time: training of {', '.join(names)} not measured: {error.where}: {error.given}. To do: {error.do}")
            continue
        seconds |= {each: training_seconds(plan, each, speed) for each in names}
        print(f"time: {name} trains {1 / speed['step']:.3g} steps/s, for {duration(seconds[name])} alone", flush=True)
    return seconds


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--config", nargs="+", default=[], metavar="KEY=VALUE", help="settings, as after snakemake --config")
    add("--cores", type=int, default=available_cores(), help="cores that all jobs may use (default: all)")
    add("--gpus", type=int, default=0, help="GPUs that all jobs may use (default: none)")
    add("--json", type=path, help="write down here how fast the jobs were; the report compares it with what they took")
    add("--environment", help="where to convert for a probe: a folder or 'current' (default: .venvs/convert)")
    add("--training-environment", help="where to train for a probe (default: .venvs/train, or as the machine says)")
    options = parser.parse_args(argv)
    options.config = read_words(options.config)
    return options
