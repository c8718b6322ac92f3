"""The tasks of the simulated table: objects, what is to be done with them, and instructions."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Shape:
    """A simple upright solid standing on the table: a prism or a truncated cone.

    Args:
        sides: Corners of its footprint; 4 is a cube or a tile, 24 looks round.
        radius: Metres from its axis to its sides at the bottom; for a cube half its edge.
        height: Metres.
        colour: Red, green and blue in [0, 1].
        taper: Radius at the top divided by the radius at the bottom.
    """

    sides: int
    radius: float
    height: float
    colour: tuple[float, float, float]
    taper: float = 1.0


@dataclass(frozen=True)
class Task:
    """One task: an object, a target, and how the expert brings the one to the other.

    Args:
        name: The task's folder in a raw tree.
        manner: "place" picks the object up and puts it down, "push" slides it with closed fingers.
        item: The object to be moved.
        target: Where it shall end; flat and fixed.
        tolerance: Metres between the axes of object and target within which the task counts as done.
        instructions: Phrasings; each demonstration carries one of them.
        held_out_instructions: Phrasings that no demonstration carries, each with a word that none does, to ask a policy
            whether it follows instructions or has memorised sentences.
        other: The task that can be done in the same scenes just as well, so that a picture does not tell which one is
            meant; None where there is no such task.
    """

    name: str
    manner: str
    item: Shape
    target: Shape
    tolerance: float
    instructions: tuple[str, ...]
    held_out_instructions: tuple[str, ...]
    other: str | None = None

    @property
    def scene(self) -> tuple[str, ...]:
        """The tasks that can be done in its scenes, in an order that is the same for all of them."""
        return tuple(sorted({self.name, self.other or self.name}))


RED, GREEN, BLUE = (0.84, 0.10, 0.10), (0.16, 0.56, 0.26), (0.10, 0.30, 0.80)
YELLOW, PURPLE, CREAM, PORCELAIN = (0.93, 0.76, 0.14), (0.50, 0.22, 0.62), (0.90, 0.88, 0.82), (0.87, 0.91, 0.96)

_PLACE = Task(
    name="put_red_cube_on_plate",
    manner="place",
    item=Shape(4, 0.021, 0.042, RED),
    target=Shape(32, 0.045, 0.012, PORCELAIN, taper=1.45),
    tolerance=0.035,
    instructions=(
        "put the red cube on the plate",
        "place the red block on the plate",
        "pick up the red cube and put it on the plate",
        "move the red block onto the plate",
    ),
    held_out_instructions=(
        "set the red cube down on the plate",
        "lift the red block and drop it on the plate",
        "get the red cube onto the dish",
        "the red block belongs on the plate",
    ),
)
_PUSH = Task(
    name="push_blue_cylinder_onto_green_cloth",
    manner="push",
    item=Shape(24, 0.022, 0.050, BLUE),
    target=Shape(4, 0.052, 0.002, GREEN),
    tolerance=0.040,
    instructions=(
        "push the blue cylinder onto the green cloth",
        "slide the blue cylinder onto the green cloth",
        "push the blue can to the green cloth",
        "move the blue cylinder onto the cloth by pushing it",
    ),
    held_out_instructions=(
        "shove the blue cylinder onto the green cloth",
        "nudge the blue can over to the green cloth",
        "get the blue cylinder onto the green towel",
        "the blue can belongs on the green cloth",
    ),
)
_EITHER = {task.name: f"either_{task.name}" for task in (_PLACE, _PUSH)}

TASKS = {
    task.name: task
    for task in (
        _PLACE,
        _PUSH,
        replace(_PLACE, name=_EITHER[_PLACE.name], other=_EITHER[_PUSH.name]),
        replace(_PUSH, name=_EITHER[_PUSH.name], other=_EITHER[_PLACE.name]),
    )
}

# Their colours are no task's, so that colour alone tells the object to be moved.
DISTRACTORS = (
    Shape(24, 0.019, 0.034, YELLOW),
    Shape(6, 0.020, 0.026, PURPLE),
    Shape(4, 0.016, 0.024, YELLOW),
    Shape(24, 0.022, 0.044, CREAM, taper=0.65),
    Shape(24, 0.018, 0.050, PURPLE, taper=0.3),
)
