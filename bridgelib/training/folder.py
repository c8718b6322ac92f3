"""The run folder: where everything of one training run lies, and the refusal to resume under another configuration.

<runs>/<experiment>/done.json               the declared output, written last
<runs>/<experiment>/latest                  -> the folder of the last run
<runs>/<experiment>/.done.json.lock         held by the process that trains
<runs>/<experiment>/language.npz            the embeddings of its instructions, if it follows them
<runs>/<experiment>/<experiment>-<digest>/  config.json, metrics.jsonl, checkpoints/, policy/, wandb/
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridgelib.errors import ConfigError, DataError
from bridgelib.files import disk_errors, read_json, write_json
from bridgelib.layout import LANGUAGE, latest_path, policy_path
from bridgelib.origins import differences, digest_of

WITHOUT_EFFECT = (
    "num_steps",
    "log_interval",
    "eval_interval",
    "save_interval",
    "eval_batches",
    "val_batch_size",
    "keep_last",
    "keep_every",
    "policy_from",
    "act_exec_horizon",
    "act_gripper",
)
"""Keys of the configuration tree that change no weight: a run resumes under others, for instance to more steps."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    Attributes:
        path: `<runs>/<experiment>/<experiment>-<digest>`.
        identity: What determines the weights: algorithm, hyperparameters, data and statistics. As JSON.
    """

    path: Path
    identity: Mapping[str, Any]

    @classmethod
    def of(cls, experiment_folder: Path, identity: Mapping[str, Any]) -> "RunFolder":
        """The folder that this identity has below `<runs>/<experiment>`."""
        name = f"{experiment_folder.name}-{digest_of(identity)}"
        return cls(experiment_folder / name, identity)

    @classmethod
    def found(cls, path: Path) -> "RunFolder":
        """The folder of a run that has begun.

        Args:
            path: The run folder, a link to it, or the folder of its experiment, which means the latest run.

        Raises:
            DataError: There is no run.
        """
        path = (latest if (latest := latest_path(path)).exists() else path).resolve()
        content = read_json(path / "config.json") if (path / "config.json").exists() else None
        if not isinstance(content, Mapping) or "identity" not in content:
            raise DataError(
                path,
                given="no config.json of a training in it",
                allowed="<runs>/<experiment>/latest, or the folder of an older run beside it",
                do="check the path",
            )
        return cls(path, content["identity"])

    @property
    def config(self) -> Path:
        """Everything resolved."""
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        """The numbers."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The states."""
        return self.path / "checkpoints"

    @property
    def language(self) -> Path:
        """The language table, which the experiment's runs share."""
        return self.path.parent / LANGUAGE

    @property
    def policy(self) -> Path:
        """The policy folder, which is taken to the robot."""
        return policy_path(self.path)

    def open(self, record: Mapping[str, Any], made_with: Mapping[str, Any]) -> None:
        """Write config.json and point `latest` here; to be called by the holder of the experiment's lock.

        Args:
            record: What config.json is to hold, besides the identity.
            made_with: Versions, device, the job's variables and the like. Of a run that is resumed, config.json
                keeps those it began with, and adds those it was resumed with where they changed; a difference is said
                on standard error, since it ends the promise of equal bits.

        Raises:
            ConfigError: The folder holds a run of another identity.
            DataError: config.json cannot be written.
        """
        began_with, went_on_with = made_with, []
        if self.config.exists():
            former = read_json(self.config)
            self._require_same(former["identity"])
            began_with, went_on_with = former["began_with"], former.get("went_on_with", [])
            for difference in differences(began_with, _plain(made_with)):
                print(f"{self.path.name}: this run began with another {difference}", file=sys.stderr)
            if _plain(made_with) != [began_with, *went_on_with][-1]:
                went_on_with = [*went_on_with, made_with]
        history = {"began_with": began_with, **({"went_on_with": went_on_with} if went_on_with else {})}
        write_json(self.config, {**record, "identity": self.identity, **history})
        latest, partial = latest_path(self.path.parent), self.path.parent / ".latest.partial"
        with disk_errors(latest):
            partial.unlink(missing_ok=True)
            partial.symlink_to(self.path.name)
            os.replace(partial, latest)

    def _require_same(self, found: Mapping[str, Any]) -> None:
        if difference := list(differences(found, self.identity)):
            raise ConfigError(
                self.path,
                given="\n           ".join(["another configuration than this run began with:", *difference]),
                do="name another run folder, or remove this one to train from the start",
            )


def run_identity(configuration: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The identity of a run: what determines its weights.

    Args:
        configuration: The experiment as JSON: algorithm, dataset and the tree `config`.
        data: What was read: tasks, trajectories and statistics.
    """
    config = {key: value for key, value in configuration["config"].items() if key not in WITHOUT_EFFECT}
    return _plain({**configuration, "config": config, "data": data})


def _plain(tree: Any) -> Any:
    """A tree as JSON will give it back: tuples as lists, keys as text."""
    return json.loads(json.dumps(tree))
