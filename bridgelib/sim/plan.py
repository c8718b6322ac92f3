"""Which dated folders a simulated raw tree has. Standard library only: the workflow calls this while it is parsed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.raw.tree import DATE_FORMAT, recorded_at
from bridgelib.sim.tasks import TASKS
from bridgelib.versions import versions_of

# After 2021-07-23: the simulated camera has no latency, so its frames must not be shifted.
_FIRST_SESSION = datetime(2021, 8, 2, 10)

DEFAULTS = {
    "tasks": tuple(name for name, task in TASKS.items() if task.other is None),
    "demonstrations": 60,
    "dated_folders": 3,
    "seed": 0,
    "image_size": (240, 320),
    "action_noise": 0.0,
}

FIRST_DEMONSTRATION_SEED = 2**48
"""Demonstrations have seeds from here on, scenes to evaluate policies in have lower ones: they are never the same."""

FIRST_CHOICE_SEED = 2**47
"""Policies are chosen by their success in scenes from here on; evaluations that are reported stay below."""

LONGEST = 80
"""Frames that a demonstration has at most: where noise makes it longer, it is tried again."""

# Metres: with more of it, many demonstrations would have to be tried again.
LARGEST_ACTION_NOISE = 0.02


@dataclass(frozen=True)
class PlanEntry:
    """One dated folder to be simulated; its bytes follow from these six values alone.

    Args:
        task: A key of TASKS.
        date: The folder's name, `YYYY-MM-DD_hh-mm-ss`.
        demonstrations: How many trajectories it holds.
        seed: Makes another collection of the same kind.
        image_size: Height and width of the frames in pixels.
        action_noise: Standard deviation in metres of the shoves that the arm gets now and then; 0 for none.
    """

    task: str
    date: str
    demonstrations: int
    seed: int = 0
    image_size: tuple[int, int] = (240, 320)
    action_noise: float = 0.0

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            do = did_you_mean(self.task, tuple(TASKS))
            raise ConfigError("simulated task", given=self.task, allowed=TASKS, do=do)
        if recorded_at(self.date) is None:
            raise ConfigError("date of a simulated folder", given=self.date, allowed="YYYY-MM-DD_hh-mm-ss")
        _whole_number("demonstrations in a simulated folder", self.demonstrations, least=1)
        _whole_number("seed of the simulation", self.seed, least=0)
        if len(self.image_size) != 2:
            raise ConfigError("image_size of the simulation", given=self.image_size, allowed="height and width")
        for side in self.image_size:
            _whole_number("image_size of the simulation", side, least=16)
        noise = self.action_noise
        if not isinstance(noise, int | float) or isinstance(noise, bool) or not 0 <= noise <= LARGEST_ACTION_NOISE:
            allowed = f"metres, 0 to {LARGEST_ACTION_NOISE}"
            raise ConfigError("action_noise of the simulation", given=noise, allowed=allowed)

    def origin(self) -> dict[str, Any]:
        """What the folder is made from, as its collection_metadata.json tells it."""
        return {"versions": versions_of("simulate_demonstrations"), **asdict(self), "image_size": list(self.image_size)}


def plan(settings: Mapping) -> list[PlanEntry]:
    """The dated folders that hold `demonstrations` trajectories, split evenly over tasks and sessions.

    Args:
        settings: Any of the keys of DEFAULTS: `tasks` (names), `demonstrations` (in all), `dated_folders` (of each
            task), `seed`, `image_size` (height, width), `action_noise` (metres).

    Returns:
        One entry per dated folder, task by task; no date occurs twice.

    Raises:
        ConfigError: An unknown key or task, or a number that cannot be used.
    """
    for key in settings:
        if key not in DEFAULTS:
            hint = did_you_mean(key, tuple(DEFAULTS)) or "remove the key, or correct it"
            raise ConfigError("simulation", given=f"the unknown key '{key}'", allowed=DEFAULTS, do=hint)
    chosen = {**DEFAULTS, **settings}
    tasks = tuple(map(str, _listed("simulation: tasks", chosen["tasks"])))
    folders, total = chosen["dated_folders"], chosen["demonstrations"]
    _whole_number("simulation: dated_folders", folders, least=1)
    if not tasks or len(set(tasks)) < len(tasks):
        raise ConfigError("simulation: tasks", given=tasks, allowed="one or more names, each once")
    _whole_number("simulation: demonstrations", total, least=len(tasks) * folders)
    counts = _even_shares(total, len(tasks) * folders)
    return [
        PlanEntry(
            task=task,
            date=(_FIRST_SESSION + timedelta(days=folder, hours=2 * number)).strftime(DATE_FORMAT),
            demonstrations=counts[folder * len(tasks) + number],
            seed=chosen["seed"],
            image_size=_listed("simulation: image_size", chosen["image_size"]),
            action_noise=chosen["action_noise"],
        )
        for number, task in enumerate(tasks)
        for folder in range(folders)
    ]


def _even_shares(total: int, parts: int) -> list[int]:
    """Whole numbers that add up to `total` and differ by at most one, the larger ones first."""
    share, rest = divmod(total, parts)
    return [share + (part < rest) for part in range(parts)]


def _listed(where: str, value: object) -> tuple:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ConfigError(where, given=value, allowed="a list", do=f"write [{value}]")
    return tuple(value)


def _whole_number(where: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigError(where, given=value, allowed=f"a whole number, at least {least}")
