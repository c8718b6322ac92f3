"""One training run, from the experiment to done.json."""

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jax

from bridgelib.agents import Agent, make_agent
from bridgelib.config.experiments import Experiment
from bridgelib.data.augment import augment
from bridgelib.data.normalization import Normalizer
from bridgelib.data.prefetch import prefetched
from bridgelib.errors import DataError
from bridgelib.files import alone, write_json
from bridgelib.language.table import LanguageTable
from bridgelib.layout import LANGUAGE
from bridgelib.origins import with_release
from bridgelib.policy import Policy
from bridgelib.policy.weights import hash_of
from bridgelib.seals import sealed
from bridgelib.training.checkpoints import Checkpoints, LoopState
from bridgelib.training.choice import Trial, choose
from bridgelib.training.devices import Devices, any_process, is_writer, join_processes, this_process
from bridgelib.training.export import KeptPolicies
from bridgelib.training.folder import RunFolder, run_identity
from bridgelib.training.inputs import Inputs, open_inputs
from bridgelib.training.interruption import Interruption
from bridgelib.training.learner import Learner
from bridgelib.training.loop import SCORE, Loop, Schedule
from bridgelib.training.metrics import Metrics, read_metrics
from bridgelib.training.policy_origin import training_origin
from bridgelib.training.provenance import provenance
from bridgelib.training.tracking import WandbMirror, resolved_mode
from bridgelib.training.validation import evaluation, validated

PROJECT = "bridgedata"


def train(
    experiment: Experiment,
    data_root: Path,
    groups: Sequence[Sequence[str]],
    done: Path,
    *,
    wandb: str = "auto",
    language: LanguageTable | None = None,
    tried: Callable[[Policy], Trial] | None = None,
) -> None:
    """Train the policy of an experiment, resuming where a former process was stopped.

    Args:
        experiment: What to train.
        data_root: The folder of the tasks.
        groups: The tasks of each group of its dataset.
        done: `<runs>/<experiment>/done.json`, written last; the run's own folder lies beside it.
        wandb: `auto`, `online`, `offline` or `disabled`; WANDB_MODE wins over it.
        language: The embeddings of its instructions; for algorithms that need language.
        tried: Lets a policy act where success is counted; for experiments whose `policy_from` is `success`.

    Raises:
        ConfigError: Something in the configuration cannot be used, or is not what the run folder began with.
        DataError: The data cannot be used, or a quantity became NaN.
        Interrupted: SIGTERM or SIGINT came. What was learned is saved.
    """
    join_processes()
    origin = training_origin(experiment, data_root, sum(map(tuple, groups), ()), done.with_name(LANGUAGE))
    mode, devices, config = resolved_mode(wandb), Devices(), experiment.config
    for key in ("batch_size", "val_batch_size"):
        devices.check_batch_size(config[key], f"experiment '{experiment.name}', config.{key}")
    with ExitStack() as stack:
        interruption = stack.enter_context(Interruption())
        inputs = interruption.wait_for(read_inputs, experiment, data_root, groups, language)
        encoder = {"language": language.encoder_identity} if language else {}
        identity = run_identity(json.loads(experiment.as_json()), {**inputs.identity, **encoder})
        folder = RunFolder.of(done.parent, identity)
        made_with = provenance(devices.describe(), jax.process_count())
        if is_writer():
            # Locked is the experiment, not its run: an orphan with a former configuration would write done.json too.
            stack.enter_context(alone(done, lambda: _while_waiting(done, interruption)))
            record = {"experiment": experiment.name, "config": config, "files": inputs.files}
            folder.open({**record, "statistics": inputs.statistics.to_json()}, made_with)
            sealing = stack.enter_context(sealed("train_policy", done))
            done.unlink(missing_ok=True)  # it may be of an earlier run, and must not stand for this one
        run = _Run(experiment, inputs, folder, devices, interruption)
        agent, saved = interruption.wait_for(run.newest_agent)
        learner = new_learner(experiment, inputs, agent, devices, run.keys[1], interruption)
        loop = run.loop(learner, saved, mode, stack)
        loop.run()
        if is_writer():
            kept = KeptPolicies(folder, language)
            choice = choose(config["policy_from"], kept, tried, interruption)
            batch = inputs.training.batch(0)
            interruption.wait_for(kept.save, choice["step"], folder.policy, {**made_with, "policy": choice}, batch)
            summary = _summary(folder, loop.state, hash_of(loop.learner.state().params))
            write_json(done, {**summary, "policy": choice, "origin": with_release(origin)})
            sealing.files += [folder.config, folder.metrics, *sorted(folder.checkpoints.glob("step-*"))]
        any_process(False)  # the others wait here: JAX gives up on processes that end minutes apart


def _while_waiting(done: Path, interruption: Interruption) -> None:
    """What can end the wait for another process that trains this experiment."""
    interruption.check()
    if jax.process_count() > 1:  # the others do not wait, and JAX gives up on them
        given = "another process trains this experiment (see above), and this training is one of several processes"
        raise DataError(done.parent, given=given, do="wait for it to end, then run the same command again")


def read_inputs(
    experiment: Experiment,
    data_root: Path,
    groups: Sequence[Sequence[str]],
    language: LanguageTable | None = None,
) -> Inputs:
    """The data of an experiment, this process's share of each batch."""
    return open_inputs(
        data_root,
        groups,
        experiment.dataset.sample_weights,
        experiment.config,
        experiment.needs,
        process=this_process(),
        embeddings=language.by_instruction if language else None,
    )


def new_learner(
    experiment: Experiment, inputs: Inputs, agent: Agent, devices: Devices, key: jax.Array, interruption: Interruption
) -> Learner:
    """An experiment's agent on the devices, with its augmentation and its validation."""
    dataset_kwargs = experiment.config["dataset_kwargs"]
    normalizer = Normalizer(inputs.statistics, dataset_kwargs["normalization_type"])
    return Learner(
        agent,
        devices,
        augment=lambda batch, key: augment(batch, key, dataset_kwargs),
        evaluate=evaluation(normalizer, inputs.statistics.action.mean),
        key=key,
        interruption=interruption,
    )


@dataclass(frozen=True)
class _Run:
    """The experiment, data, folder and devices of a run, and the parts that are made from them."""

    experiment: Experiment
    inputs: Inputs
    folder: RunFolder
    devices: Devices
    interruption: Interruption

    @cached_property
    def keys(self) -> jax.Array:
        """The random keys of agent and learner."""
        return jax.random.split(jax.random.PRNGKey(self.experiment.config["seed"]))

    @cached_property
    def checkpoints(self) -> Checkpoints:
        """The folder's checkpoints."""
        config = self.experiment.config
        return Checkpoints(
            self.folder.checkpoints, config["keep_last"], config["keep_every"], interval=config["save_interval"]
        )

    def newest_agent(self) -> tuple[Agent, LoopState | None]:
        """The agent of the newest sound checkpoint, with what that says of the loop; else a new one and None."""

        def new_agent(key: jax.Array) -> Agent:
            return make_agent(self.experiment.algorithm, key, self.inputs.training.batch(0), self.experiment.config)

        metrics, num_steps = self.folder.metrics, self.experiment.config["num_steps"]
        template = jax.eval_shape(new_agent, self.keys[0])
        found = self.checkpoints.newest(template.state, metrics.stat().st_size if metrics.exists() else 0)
        if found is None:
            print(f"{self.folder.path}: training from the start", file=sys.stderr)
            return new_agent(self.keys[0]), None
        state, saved = found
        if saved.step > num_steps:
            raise DataError(
                self.folder.path,
                given=f"a run that has made {saved.step} steps, where num_steps is {num_steps}",
                do="raise num_steps, or remove the folder to train from the start",
            )
        print(f"{self.folder.path}: resuming from the checkpoint of step {saved.step}", file=sys.stderr)
        return template.replace(state=state), saved

    def loop(self, learner: Learner, saved: LoopState | None, mode: str, stack: ExitStack) -> Loop:
        """The loop where it stands; what must be closed after it is given to `stack`."""
        config, folder, inputs, state = self.experiment.config, self.folder, self.inputs, saved or LoopState()
        metrics = mirror = None
        if is_writer():
            self.checkpoints.discard_after(state.step)
            metrics = stack.enter_context(closing(Metrics(folder.metrics, state.log_position)))
            shown = {"algorithm": self.experiment.algorithm, "device": self.devices.describe(), **config}
            group = self.experiment.family
            mirror = WandbMirror(folder.path, mode, project=PROJECT, name=folder.path.name, config=shown, group=group)
            stack.push(lambda kind, *_: mirror.close(exit_code=0 if kind is None else 1))
            mirror.catch_up(folder.metrics)
        return Loop(
            learner=learner,
            batches=stack.enter_context(prefetched(inputs.training, state.step, config["num_steps"])),
            validate=partial(validated, learner, inputs.validation, self.interruption) if inputs.validation else None,
            schedule=Schedule(**{key: config[key] for key in Schedule.__dataclass_fields__}),
            metrics=metrics,
            mirror=mirror,
            checkpoints=self.checkpoints,
            interruption=self.interruption,
            state=state,
            saved=saved,
        )


def _summary(folder: RunFolder, state: LoopState, weights: str) -> dict[str, Any]:
    """The content of done.json: the run, its end, and its first, last and best validation (None without any)."""
    scores = [
        {key: value for key, value in line.items() if key not in ("kind", "time")}
        for line in read_metrics(folder.metrics, "validation")
    ]
    return {
        "run": folder.path.name,
        "step": state.step,
        "weights": weights,
        "seconds": state.seconds,
        "validation": {
            "transitions": scores[-1]["transitions"],
            "first": scores[0],
            "last": scores[-1],
            "best": min(scores, key=lambda line: line[SCORE]),
        }
        if scores
        else None,
    }
