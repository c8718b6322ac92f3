"""Raw trajectories in which nothing is odd, what can be odd about them, and what looks like it and is not."""

import collections
import datetime
import enum
import io
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.raw_trees import DATE, SIZE, Attack, jpeg, save, write_trajectory

STEPS = 12
COMMANDS = np.array([1.0] * 6 + [0.0] * 6)
Plant = Callable[[Path], None]


def write_plain_folder(raw: Path, date: str = DATE, trajectories: int = 3, cameras=(0,)) -> list[Path]:
    """A dated folder of trajectories on which there is nothing to remark."""
    group = raw / "task" / date / "raw" / "traj_group0"
    return [write_plain(group / f"traj{number}", seed=number, cameras=cameras) for number in range(trajectories)]


def write_plain(folder: Path, seed: int = 0, cameras=(0,)) -> Path:
    """An arm that goes a centimetre and some hundredths of a radian at each step; its gripper closes half way."""
    write_trajectory(folder, STEPS, cameras, seed=seed)
    state = np.outer(np.arange(STEPS + 1), [0.01, 0.005, -0.002, 0.02, 0.01, -0.03, 0]) + 0.1 * seed
    state[:, 6] = [1.0] * 7 + [0.8, 0.6, 0.5, 0.5, 0.5, 0.5]
    stamps = 1.6e9 + 0.2 * np.arange(STEPS + 1)
    save(folder / "obs_dict.pkl", {"full_state": state, "time_stamp": stamps, "qpos": np.zeros((STEPS + 1, 6))})
    save(folder / "policy_out.pkl", steps(COMMANDS))
    return folder


def steps(commands: np.ndarray) -> list[dict]:
    """A policy_out with these gripper commands."""
    motion = [0.01, 0.005, -0.002, 0.02, 0.01, -0.03]
    return [{"actions": np.array([*motion, command]), "policy_type": "VR"} for command in commands]


def repickled(name: str, change: Callable[[object], object]) -> Plant:
    def plant(folder: Path) -> None:
        save(folder / name, change(pickle.loads((folder / name).read_bytes())))

    return plant


def added(name: str, content: bytes) -> Plant:
    return lambda folder: (folder / name).write_bytes(content)


def language(text: str) -> Plant:
    return added("lang.txt", text.encode())


def stamps(*steps_of_time: float) -> Plant:
    """Time stamps with these steps first, 0.2 after."""
    rest = [0.2] * (STEPS - len(steps_of_time))
    return repickled("obs_dict.pkl", lambda content: {**content, "time_stamp": np.cumsum([10, *steps_of_time, *rest])})


def states(column: int | slice, values: object) -> Plant:
    def change(content: dict) -> dict:
        content["full_state"][:, column] = values
        return content

    return repickled("obs_dict.pkl", change)


def gripper(commands: object, state: object = None) -> Plant:
    def plant(folder: Path) -> None:
        save(folder / "policy_out.pkl", steps(np.array(commands, float)))
        if state is not None:
            states(6, state)(folder)

    return plant


def copied_frame(source: int, *targets: int) -> Plant:
    def plant(folder: Path) -> None:
        content = (folder / "images0" / f"im_{source}.jpg").read_bytes()
        for target in targets:
            (folder / "images0" / f"im_{target}.jpg").write_bytes(content)

    return plant


def frames(change: Callable[[Image.Image, int], Image.Image], *numbers: int, **options) -> Plant:
    """Frames decoded, changed and encoded again."""

    def plant(folder: Path) -> None:
        for number in numbers:
            path = folder / "images0" / f"im_{number}.jpg"
            changed = change(Image.open(io.BytesIO(path.read_bytes())), number)
            changed.save(path, "JPEG", **options)

    return plant


def oriented(orientation: int) -> Plant:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    return frames(lambda image, _number: image, *range(STEPS + 1), exif=exif)


def with_profile_first(folder: Path) -> None:
    """Frames to be turned, which say so behind a colour profile of some kilobytes."""
    oriented(6)(folder)
    profile = b"\xff\xe2" + (3002).to_bytes(2, "big") + bytes(3000)
    for path in (folder / "images0").iterdir():
        content = path.read_bytes()
        path.write_bytes(content[:2] + profile + content[2:])


def flat(colour: tuple[int, int, int], noise: int = 0) -> Callable[[Image.Image, int], Image.Image]:
    def change(image: Image.Image, number: int) -> Image.Image:
        drawn = np.random.default_rng(number).integers(0, noise + 1, (image.height, image.width, 3))
        return Image.fromarray((np.array(colour) + drawn).astype(np.uint8))

    return change


def resized(width: int, height: int) -> Plant:
    def plant(folder: Path) -> None:
        for number in range(STEPS + 1):
            (folder / "images0" / f"im_{number}.jpg").write_bytes(jpeg(700 + number, (width, height)))

    return plant


def removed(name: str) -> Plant:
    return lambda folder: (folder / name).unlink()


def agent_data(**content: object) -> Plant:
    return lambda folder: save(folder / "agent_data.pkl", content)


def in_every_step(value: object) -> Plant:
    return repickled("policy_out.pkl", lambda content: [{**step, "info": value} for step in content])


def in_obs_dict(value: object) -> Plant:
    return repickled("obs_dict.pkl", lambda content: {**content, "eep_desired_pose": value})


class Colour(enum.Enum):
    RED = 1


@dataclass(frozen=True)
class Custom:
    """An object of a class that no reader knows."""

    pose: tuple = (1, 2)


def _with_dot(image: Image.Image, number: int) -> Image.Image:
    image.paste((255, 0, 0), (2 * number, 10, 2 * number + 2, 12))
    return image


@dataclass(frozen=True)
class Oddity:
    """What can be odd about a trajectory, and how it is planted."""

    remark: str
    plant: Plant


def _until(step: int) -> np.ndarray:
    """Poses that change until a step."""
    return np.outer(np.minimum(np.arange(STEPS + 1), step), np.full(6, 0.01))


_EVIL = Attack(os.system, "touch executed")
_RISING = np.linspace(3.0, 3.28, STEPS + 1)

ODDITIES: dict[str, Oddity] = {
    "the first two frames are one": Oddity("repeated_first_frames", copied_frame(0, 1)),
    "the camera begins with the fifth frame": Oddity("repeated_first_frames", copied_frame(4, 0, 1, 2, 3)),
    "a frame twice": Oddity("repeated_frames", copied_frame(5, 6)),
    "the camera stops at the end": Oddity("repeated_frames", copied_frame(8, 9, 10, 11, 12)),
    "the camera never begins": Oddity("repeated_frames", copied_frame(0, *range(1, STEPS + 1))),
    "an old frame comes back": Oddity("repeated_frames", copied_frame(2, 7)),
    "black frames": Oddity("black_frames", frames(flat((0, 0, 0)), 3, 4)),
    "a covered lens": Oddity("black_frames", frames(flat((0, 0, 0), noise=8), *range(STEPS + 1))),
    "black as video has it": Oddity("black_frames", frames(flat((16, 16, 16)), 0)),
    "a white frame": Oddity("blank_frames", frames(flat((255, 255, 255)), 3)),
    "green frames": Oddity("blank_frames", frames(flat((0, 135, 0)), 3, 4, 5)),
    "upside down": Oddity("exif_orientation", oriented(3)),
    "to be turned": Oddity("exif_orientation", oriented(6)),
    "to be turned, told behind a profile": Oddity("exif_orientation", with_profile_first),
    "to be mirrored": Oddity("exif_orientation", oriented(2)),
    "larger frames": Oddity("frame_size_differs", resized(64, 48)),
    "frames of another aspect": Oddity("frame_size_differs", resized(32, 32)),
    "frames on end": Oddity("frame_size_differs", resized(24, 32)),
    "a clock that stands": Oddity("time_still", stamps(*[0.0] * STEPS)),
    "a time stamp twice": Oddity("time_still", stamps(0.2, 0.0)),
    "whole seconds": Oddity("time_still", stamps(*[0, 0, 0, 0, 1] * 2, 0, 0)),
    "a clock that is set back": Oddity("time_backwards", stamps(0.2, 0.2, -3600)),
    "a clock that is set forward": Oddity("time_jumps", stamps(0.2, 0.2, 3600)),
    "a first stamp of its own": Oddity("time_jumps", stamps(1.6e9)),
    "a pause": Oddity("time_jumps", stamps(0.2, 5.0)),
    "an arm that stands": Oddity("still_states", states(slice(0, 6), 0.3)),
    "an arm that trembles": Oddity(
        "still_states", states(slice(0, 6), 1e-4 * np.random.default_rng(0).normal(size=(STEPS + 1, 6)))
    ),
    "states that stop coming in": Oddity("still_states", states(slice(0, 6), _until(4))),
    "roll across pi": Oddity("rotation_crosses_pi", states(3, (_RISING + np.pi) % (2 * np.pi) - np.pi)),
    "yaw across -pi": Oddity("rotation_crosses_pi", states(5, (np.pi - _RISING) % (2 * np.pi) - np.pi)),
    "yaw from 0 to 2 pi": Oddity("rotation_crosses_pi", states(5, (_RISING - np.pi) % (2 * np.pi))),
    "percent": Oddity("gripper_out_of_range", gripper(100 * COMMANDS)),
    "-1 to 1": Oddity("gripper_out_of_range", gripper(2 * COMMANDS - 1)),
    "a command a little too large": Oddity("gripper_out_of_range", gripper(1.2 * COMMANDS)),
    "metres": Oddity("gripper_scale", gripper(0.04 * COMMANDS)),
    "metres of fingers that never close": Oddity("gripper_scale", gripper(np.where(COMMANDS > 0, 0.037, 0.02))),
    "half open at most": Oddity("gripper_scale", gripper(0.5 * COMMANDS)),
    "never quite closed": Oddity("gripper_scale", gripper(np.where(COMMANDS > 0, 1.0, 0.3))),
    "0 is open": Oddity("gripper_against_state", gripper(1 - COMMANDS)),
    "0 is open, in metres": Oddity("gripper_against_state", gripper(0.012 * (1 - COMMANDS))),
    "0 is open in the state": Oddity("gripper_against_state", states(6, 1 - np.array([1.0] * 7 + [0.6] + [0.5] * 5))),
    "traj_ok: False": Oddity("traj_not_ok", agent_data(traj_ok=False, term_t=3)),
    "traj_ok of numpy": Oddity("traj_not_ok", agent_data(traj_ok=np.bool_(False))),
    "traj_ok: 0": Oddity("traj_not_ok", agent_data(traj_ok=0)),
    "traj_ok as a word": Oddity("traj_not_ok", agent_data(traj_ok="False")),
    "traj_ok in a list": Oddity("traj_not_ok", agent_data(traj_ok=[False])),
    "traj_ok in an array": Oddity("traj_not_ok", agent_data(traj_ok=np.array(False))),
    **{
        f"instruction {text!r}": Oddity("no_instruction", language(text))
        for text in (
            *(
                "None",
                "none\n",
                "NaN\nconfidence: 1.0\n",
                "N/A",
                "n.a.",
                "<NA>",
                "-",
                "---",
                "...",
                "?",
                "null",
                "'None'",
            ),
            *(
                "",
                "  \n\t\n",
                "\u200b",
                "\ufeff\u200b\u2060",
                "\u00a0\u3000",
                "\u3164",
                "confidence: 0.9",
                "0.0",
                "无",
                "ＮＡＮ",
            ),
        )
    },
    **{
        f"confidence as {text!r}": Oddity("confidence_line", language(f"open the drawer\n{text}\n"))
        for text in (
            "Confidence: 1",
            "CONFIDENCE:0.9",
            "confidence : 0.8",
            "Confidence=1.0",
            "confidence：1",
            "confidence 0.9",
        )
    },
    "no agent_data.pkl": Oddity("missing_agent_data", removed("agent_data.pkl")),
    "agent_data.pkl cut off": Oddity(
        "odd_agent_data", lambda folder: (folder / "agent_data.pkl").write_bytes(pickle.dumps({"traj_ok": True})[:-5])
    ),
    "agent_data.pkl empty": Oddity("odd_agent_data", added("agent_data.pkl", b"")),
    "agent_data.pkl of text": Oddity("odd_agent_data", added("agent_data.pkl", b"<html>404 not found</html>")),
    "agent_data.pkl a list": Oddity("odd_agent_data", lambda folder: save(folder / "agent_data.pkl", [1, 2])),
    "agent_data.pkl with a date": Oddity("odd_agent_data", agent_data(traj_ok=True, at=datetime.datetime(2021, 8, 2))),
    "attack in agent_data.pkl": Oddity("odd_agent_data", agent_data(traj_ok=True, x=_EVIL)),
    **{
        f"{what} in {name}": Oddity("odd_entry", plant(value))
        for name, plant in (("obs_dict.pkl", in_obs_dict), ("policy_out.pkl", in_every_step))
        for what, value in {
            "an attack": _EVIL,
            "a date": datetime.datetime(2021, 8, 2),
            "a set": {1, 2},
            "a class": collections.Counter,
            "an object": Custom(),
            "an object as key": {Colour.RED: 1, frozenset([1]): 2},
            "a structured array": np.zeros(2, dtype=[("a", "f8")]),
            "a masked array": np.ma.masked_array([1, 2], [True, False]),
            "dates": np.array(["2021-07-23"], dtype="datetime64[D]"),
            "a complex number": 1j,
            "a list of objects": [Custom(), {"a": Custom()}],
        }.items()
    },
}


NEAR_MISSES: dict[str, Plant] = {
    "frames that differ in one corner": frames(
        lambda image, number: _with_dot(Image.open(io.BytesIO(jpeg(5))), number),
        *range(STEPS + 1),
        quality=95,
    ),
    "a dark room": frames(lambda image, _number: image.point(lambda value: value // 6 + 10), *range(STEPS + 1)),
    "a wall in one colour, and a thing": frames(
        lambda image, number: _with_dot(Image.new("RGB", SIZE, (200, 180, 160)), number), *range(STEPS + 1)
    ),
    "EXIF that asks for no turn": oriented(1),
    "EXIF without sense": oriented(9),
    "steps of twice the usual length": stamps(0.2, 0.4, 0.1, 0.55),
    "time in milliseconds": repickled(
        "obs_dict.pkl", lambda content: {**content, "time_stamp": 1000 * content["time_stamp"]}
    ),
    "an arm that waits at the end": states(slice(0, 6), _until(8)),
    "an arm that only turns": states(slice(0, 3), 0.3),
    "an arm that only lifts": states(slice(3, 6), 0.3),
    "a rotation that comes close to pi": states(3, np.linspace(3.0, 3.14, STEPS + 1)),
    "a quick turn": states(5, np.linspace(-3.1, 3.1, STEPS + 1)),
    "a gripper that stays open": gripper(np.ones(STEPS), np.ones(STEPS + 1)),
    "a gripper that stays closed": gripper(np.zeros(STEPS), np.full(STEPS + 1, 0.1)),
    "commands between open and closed": gripper([1, 1, 1, 0.98, 0.6, 0.2, 0, 0, 0, 0, 0, 0]),
    "a slip of the hand": gripper([0.4, *[0.0] * 11], np.full(STEPS + 1, 0.1)),
    "the end in the middle of closing": gripper([1.0] * 11 + [0.3], np.ones(STEPS + 1)),
    "a trembling command": gripper([1, 0.97, 1, 0.96, 1, 1, 0.99, 1, 1, 1, 1, 1], np.ones(STEPS + 1)),
    "a trembling command while the gripper closes": gripper(
        [0.0013, 0.0013, 0.0064, 0.001, 0.0054, 0.0036, 0.013, 0.0095, 0.007, 0.0127, 0.0062, 0.0004]
    ),
    "a command a hair above 1": gripper(COMMANDS * (1 + 1e-6)),
    "a gripper that is slow": gripper(COMMANDS, [1.0] * 9 + [0.9, 0.7, 0.6, 0.5]),
    "a gripper that was told too late to close": gripper([1.0] * 11 + [0], np.linspace(0.99, 1.0, STEPS + 1)),
    "closes, opens, closes": gripper(
        [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0.6, 0.5, 0.5, 0.6, 1, 1, 1, 0.7]
    ),
    "traj_ok: True": agent_data(traj_ok=True),
    "traj_ok of numpy": agent_data(traj_ok=np.bool_(True)),
    "no word of traj_ok": agent_data(term_t=3),
    "traj_ok as a word": agent_data(traj_ok="True"),
    "traj_ok as an empty array": agent_data(traj_ok=np.array([])),
    "traj_ok: None": agent_data(traj_ok=None),
    "no lang.txt": removed("lang.txt"),
    "naan": language("put the naan on the plate"),
    "none of something": language("put none of the carrots on the plate"),
    "NA in a word": language("nab the bag\nconfidence: 1"),
    "an instruction in Chinese": language("把胡萝卜放在盘子上"),
    "a blank between the lines": language("\ufeffopen the drawer\r\n\r\nconfidence: 0.5\r\n"),
    "with confidence": language("move with confidence"),
    "plain data of all kinds": in_obs_dict({"a": [1, 2.5, "x", None, True, b"raw"], (1, 2): np.array(["a", "b"])}),
    "objects in an array": in_obs_dict(np.array([1, "two", None], dtype=object)),
}
