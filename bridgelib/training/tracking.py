"""Weights & Biases as a mirror of metrics.jsonl, which may fail without harm."""

import hashlib
import netrc
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from bridgelib.errors import ConfigError
from bridgelib.files import written_whole
from bridgelib.training.metrics import read_metrics

Attempt = Literal["online", "offline"]
MODES = ("auto", "online", "offline", "disabled")
_ATTEMPTS: dict[str, tuple[Attempt, ...]] = {"online": ("online", "offline"), "offline": ("offline",)}
_FORMER_MODES = {"run": "online", "dryrun": "offline"}  # W&B's own older words, which it still takes
_INIT_SECONDS = 30
_FINISH_SECONDS = 120


def resolved_mode(configured: str, environ: Mapping[str, str] = os.environ) -> str:
    """`online`, `offline` or `disabled`: what WANDB_MODE says, else what is configured, `auto` by the API key.

    Raises:
        ConfigError: An unknown mode.
    """
    mode = environ.get("WANDB_MODE") or configured
    mode = _FORMER_MODES.get(mode, mode)
    if mode not in MODES:
        where = "WANDB_MODE" if environ.get("WANDB_MODE") else "config.wandb.mode"
        raise ConfigError(where, given=mode, allowed=MODES, do="set one of these")
    if mode == "auto":
        return "online" if _has_key(environ) else "offline"
    return mode


def _has_key(environ: Mapping[str, str]) -> bool:
    """Whether this user has logged in to W&B: a key or a token in the environment, or a key in the netrc file."""
    if environ.get("WANDB_API_KEY") or environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    try:
        known = netrc.netrc(environ.get("NETRC")).hosts
    except (OSError, netrc.NetrcParseError):
        return False
    server = environ.get("WANDB_BASE_URL", "https://api.wandb.ai")
    return any(f"//{host}" in server for host in known)


def run_id(folder: Path) -> str:
    """The one W&B id of a run folder, kept in its `wandb/run_id`.

    It is made of the digest in the folder's name and, as an id is shared by all who use the project, of host and path.
    """
    path = folder / "wandb" / "run_id"
    if not path.exists():
        place = hashlib.sha256(f"{socket.gethostname()}:{folder.resolve()}".encode()).hexdigest()
        with written_whole(path) as partial:
            partial.write_text(f"{folder.name[-12:]}-{place[:6]}")
    return path.read_text()


class WandbMirror:
    """Repeats the lines of a metrics file to W&B. A failure there is reported once, and training continues.

    Args:
        folder: The run folder, named by its digest; W&B's own files go to its `wandb/`.
        mode: `online`, `offline` or `disabled`; disabled never imports wandb.
        project, name, group: Under which the run appears; runs of one group are shown together.
        config: Shown with the run.
    """

    def __init__(
        self, folder: Path, mode: str, *, project: str, name: str, config: Mapping[str, Any], group: str | None = None
    ):
        self._run: Any = None
        self._group = group
        for attempt in _ATTEMPTS.get(mode, ()):
            try:
                self._run = self._start(folder, attempt, project, name, run_id(folder), config)
                return
            except Exception as error:
                self._give_up(error, attempt)
                _end_service()

    def _start(self, folder: Path, mode: Attempt, project: str, name: str, identity: str, config: Mapping) -> Any:
        import wandb  # only where it is wanted: it starts a service process

        if mode == "online" and sys.stdin and sys.stdin.isatty() and not _has_key(os.environ):
            raise RuntimeError("no API key; `wandb login` stores one")  # else W&B would ask for it, and wait
        if mode == "offline":
            # An offline run cannot be continued, only begun again under its id; `catch_up` then fills it from the
            # metrics file. Leaving the former ones would make `wandb sync` upload each part over the other.
            for former in (folder / "wandb").glob(f"offline-run-*-{identity}"):
                shutil.rmtree(former)
        return wandb.init(
            project=project,
            name=name,
            group=self._group,
            id=identity,
            resume="allow" if mode == "online" else None,
            dir=str(folder),
            mode=mode,
            config=dict(config),
            settings=wandb.Settings(silent=True, console="off", **_time_limits(wandb.Settings)),
        )

    def catch_up(self, metrics: Path) -> None:
        """Send those lines of a metrics file that W&B does not have yet."""
        if self._run is None:
            return
        known = self._run.step  # the next step W&B expects: 0 for a new run
        for line in read_metrics(metrics):
            if line["step"] >= known:
                self.write(line)

    def write(self, line: Mapping[str, Any]) -> None:
        """Repeat one line, its values as `kind/name`."""
        if self._run is None:
            return
        timing = {f"time/{key}": value for key, value in line["time"].items()}
        values = {f"{line['kind']}/{key}": line[key] for key in line.keys() - {"step", "kind", "time"}}
        try:
            self._run.log({**values, **timing}, step=line["step"])
        except Exception as error:
            self._give_up(error)

    def close(self, exit_code: int = 0) -> None:
        """Finish; `exit_code` other than 0 marks the run as not finished."""
        if self._run is None:
            return
        try:
            self._run.finish(exit_code=exit_code)
        except Exception as error:
            self._give_up(error)

    def _give_up(self, error: Exception, mode: str = "the mirror") -> None:
        self._run = None
        told = f"{type(error).__name__}: {' '.join(str(error).split())}"
        print(f"W&B: {mode} failed ({told}). Nothing is lost: metrics.jsonl has everything.", file=sys.stderr)


def _time_limits(settings: Any) -> dict[str, Any]:
    """How long W&B may keep a training waiting at its start and end, in the settings that this version of it has."""
    limits = {"init_timeout": _INIT_SECONDS, "finish_timeout": _FINISH_SECONDS}
    known = getattr(settings, "model_fields", limits)
    return {name: seconds for name, seconds in limits.items() if name in known}


def _end_service() -> None:
    """End W&B's service process: of a start that failed it still holds the id, and refuses the next start under it."""
    with suppress(Exception):
        import wandb

        wandb.teardown()
