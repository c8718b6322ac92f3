"""Which dated folders a simulated raw tree has. Standard library only: the workflow calls this while it is parsed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bridgelib.config.schema import read_section
from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.raw.tree import DATE_FORMAT, recorded_at
from bridgelib.sim.tasks import TASKS
from bridgelib.versions import versions_of

# After 2021-07-23: the simulated camera has no latency, so its frames must not be shifted.
_FIRST_SESSION = datetime(2021, 8, 2, 10)


@dataclass(frozen=True)
class SimulationSettings:
    """The section `simulation:` of a machine profile.

    Attributes:
        tasks: Keys of TASKS.
        demonstrations: How many, in all.
        dated_folders: How many of each task.
        seed: Another one gives other demonstrations.
        image_size: Height and width of the frames in pixels.
        action_noise: See `PlanEntry`.
    """

    # by name: were it all of them, a new task would take its share of the demonstrations that others have
    tasks: tuple[str, ...] = ("put_red_cube_on_plate", "push_blue_cylinder_onto_green_cloth")
    demonstrations: int = 60
    dated_folders: int = 3
    seed: int = 0
    image_size: tuple[int, ...] = (240, 320)
    action_noise: float = 0.0


DEFAULTS = SimulationSettings()

FIRST_DEMONSTRATION_SEED = 2**48
"""Demonstrations have seeds from here on, scenes to evaluate policies in have lower ones: they are never the same."""

FIRST_CHOICE_SEED = 2**47
"""Policies are chosen by their success in scenes from here on; evaluations that are reported stay below."""

LONGEST = 80
"""Frames that a demonstration has at most: where noise makes it longer, it is tried again."""

# Metres: with more of it, many demonstrations would have to be tried again.
LARGEST_ACTION_NOISE = 0.02

_SMALLEST, _LARGEST = 16, 4096  # pixels of a side
_MOST_FOLDERS = 1000  # one a day


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
            _whole_number("image_size of the simulation", side, least=_SMALLEST)
        noise = self.action_noise
        if not isinstance(noise, int | float) or isinstance(noise, bool) or not 0 <= noise <= LARGEST_ACTION_NOISE:
            allowed = f"metres, 0 to {LARGEST_ACTION_NOISE}"
            raise ConfigError("action_noise of the simulation", given=noise, allowed=allowed)

    def origin(self) -> dict[str, Any]:
        """What the folder is made from, as its collection_metadata.json records it."""
        return {"versions": versions_of("simulate_demonstrations"), **asdict(self), "image_size": list(self.image_size)}


def read_simulation(content: Mapping[str, Any], where: str) -> SimulationSettings:
    """The section `simulation:` of a machine profile.

    Raises:
        ConfigError: An unknown key or task, a value of another type, or a number that cannot be used.
    """
    chosen = read_section(SimulationSettings, content, where)
    if unknown := [task for task in chosen.tasks if task not in TASKS]:
        do = did_you_mean(unknown[0], tuple(TASKS)) or "choose one of the allowed tasks"
        raise ConfigError(f"{where}, key 'tasks'", given=unknown[0], allowed=TASKS, do=do)
    _check(chosen, where)
    return chosen


def _check(chosen: SimulationSettings, where: str) -> None:
    """Refuse values that are beyond their limits."""
    folders = len(chosen.tasks) * chosen.dated_folders
    rules = (
        ("tasks", 0 < len(set(chosen.tasks)) == len(chosen.tasks), "one or more names, each once"),
        ("dated_folders", 1 <= chosen.dated_folders <= _MOST_FOLDERS, f"1 to {_MOST_FOLDERS}"),
        ("demonstrations", chosen.demonstrations >= folders, f"at least {folders}, one in each folder of each task"),
        ("seed", chosen.seed >= 0, "at least 0"),
        ("image_size", len(chosen.image_size) == 2, "height and width in pixels, [240, 320]"),
        (
            "image_size",
            min(chosen.image_size, default=0) >= _SMALLEST and max(chosen.image_size) <= _LARGEST,
            f"{_SMALLEST} to {_LARGEST} pixels each",
        ),
        ("action_noise", 0 <= chosen.action_noise <= LARGEST_ACTION_NOISE, f"metres, 0 to {LARGEST_ACTION_NOISE}"),
    )
    for key, holds, allowed in rules:
        if not holds:
            value = getattr(chosen, key)
            given = list(value) if isinstance(value, tuple) else value
            raise ConfigError(f"{where}, key '{key}'", given=given, allowed=allowed, do="correct the value")


def plan(settings: Mapping[str, Any], where: str = "simulation") -> list[PlanEntry]:
    """The dated folders that hold `demonstrations` trajectories, split evenly over tasks and sessions.

    Args:
        settings: Any of the fields of SimulationSettings.
        where: The place to name in messages.

    Returns:
        One entry per dated folder, task by task; no date occurs twice.

    Raises:
        ConfigError: See `read_simulation`.
    """
    chosen = read_simulation(settings, where)
    tasks, folders, (height, width) = chosen.tasks, chosen.dated_folders, chosen.image_size
    counts = _even_shares(chosen.demonstrations, len(tasks) * folders)
    return [
        PlanEntry(
            task=task,
            date=(_FIRST_SESSION + timedelta(days=folder, hours=2 * number)).strftime(DATE_FORMAT),
            demonstrations=counts[folder * len(tasks) + number],
            seed=chosen.seed,
            image_size=(height, width),
            action_noise=chosen.action_noise,
        )
        for number, task in enumerate(tasks)
        for folder in range(folders)
    ]


def _even_shares(total: int, parts: int) -> list[int]:
    """Whole numbers that add up to `total` and differ by at most one, the larger ones first."""
    share, rest = divmod(total, parts)
    return [share + (part < rest) for part in range(parts)]


def _whole_number(where: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigError(where, given=value, allowed=f"a whole number, at least {least}")
