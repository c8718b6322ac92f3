"""Demonstrations of the scripted expert, written as one dated folder of a raw BridgeData tree."""

import hashlib
import pickle
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import numpy as np
from PIL import Image

from bridgelib.errors import DataError
from bridgelib.files import folder_written_whole, write_json
from bridgelib.layout import metadata_path
from bridgelib.origins import with_release
from bridgelib.progress import Progress
from bridgelib.raw.tree import recorded_at
from bridgelib.seals import sealed
from bridgelib.sim import expert
from bridgelib.sim.noise import ActionNoise
from bridgelib.sim.plan import FIRST_DEMONSTRATION_SEED, LONGEST, PlanEntry
from bridgelib.sim.scene import Scene
from bridgelib.sim.tasks import TASKS

VERSION = 1  # of the files of a dated folder; scene.VERSION is of what the demonstrations show
SECONDS_PER_STEP = 0.2
_SECONDS_PER_DEMONSTRATION = 60
_ATTEMPTS = 100
_STEP = "simulate_demonstrations"
# Fixed, so that another Python does not give other bytes.
_PICKLE_PROTOCOL = 4


@dataclass(frozen=True)
class Demonstration:
    """What was seen and done in one successful episode of T actions.

    Args:
        images: T + 1 frames, each uint8 [H, W, 3].
        states: Bridge's full_state, float64 [T + 1, 7].
        actions: float64 [T, 7].
        instruction: What the demonstrator was asked to do.
    """

    images: list[np.ndarray]
    states: np.ndarray
    actions: np.ndarray
    instruction: str


def demonstrate(task: str, seed: int, image_size: tuple[int, int], action_noise: float = 0.0) -> Demonstration:
    """Let the expert do one episode, successfully and in fewer than LONGEST actions.

    With noise, recorded as action is what the expert intended, not what the arm did. Where noise made the episode too
    long, it is tried again with other noise.

    Args:
        task: A key of TASKS.
        seed: Draws the episode, the phrasing of its instruction and the noise.
        image_size: Height and width of the frames in pixels.
        action_noise: See `bridgelib.sim.noise`; standard deviation of a shove, metres.
    """
    scene = Scene(task, seed, image_size)
    for attempt in range(1, _ATTEMPTS + 1):
        noise = ActionNoise(action_noise, np.random.default_rng([seed, attempt]), scene.task.manner == "place")
        demonstration = _attempt(scene, noise)
        if demonstration is not None:
            return demonstration
    raise AssertionError(f"the expert failed: {task}, seed {seed}, action noise {action_noise}")


def _attempt(scene: Scene, noise: ActionNoise) -> Demonstration | None:
    """One episode from the start; None where it failed or took too long."""
    observations, actions = [scene.reset()], []
    for action in expert.actions(scene):
        if len(observations) == LONGEST:
            return None
        actions.append(action)
        observations.append(scene.step(noise.executed(action)))
    phrasings = scene.task.instructions
    demonstration = Demonstration(
        images=[observation["image"] for observation in observations],
        states=np.stack([observation["state"] for observation in observations]),
        actions=np.stack(actions),
        instruction=phrasings[np.random.default_rng(scene.seed).integers(len(phrasings))],
    )
    return demonstration if scene.success() else None


def write_dated_folder(raw: Path, entry: PlanEntry) -> Path:
    """Write `<raw>/<task>/<date>`, whole or not at all; a folder already there is replaced by the same bytes.

    Args:
        raw: The raw root; made if need be.
        entry: What to write. Nothing else has any influence on the bytes.

    Returns:
        The dated folder.

    Raises:
        DataError: The disk is full, or the folder cannot be written.
    """
    folder = Path(raw) / entry.task / entry.date
    progress = Progress(entry.demonstrations, "demonstrations", f"simulate {entry.task}/{entry.date}")
    with folder_written_whole(folder) as partial, sealed(_STEP, metadata_path(partial)) as sealing:
        frames = 0
        for number in range(entry.demonstrations):
            seed = demonstration_seed(entry, number)
            demonstration = demonstrate(entry.task, seed, entry.image_size, entry.action_noise)
            start = _session_start(entry) + number * _SECONDS_PER_DEMONSTRATION
            write_trajectory(partial / "raw" / "traj_group0" / f"traj{number}", demonstration, start)
            frames += len(demonstration.images)
            progress.advance()
        write_json(partial / "config.json", _config(entry))
        sealing.files += [path for path in sorted(partial.rglob("*")) if path.is_file()]
        write_json(metadata_path(partial), {**_metadata(entry, frames), "origin": with_release(entry.origin())})
    return folder


def demonstration_seed(entry: PlanEntry, number: int) -> int:
    """The seed of one demonstration: no two of a raw tree are alike, even where their folders share a seed.

    None is below FIRST_DEMONSTRATION_SEED, so none is a scene that policies are evaluated in.
    """
    name = f"{entry.seed}/{entry.task}/{entry.date}/{number}"
    return FIRST_DEMONSTRATION_SEED + int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


def write_trajectory(folder: Path, demonstration: Demonstration, start: float) -> None:
    """Write one trajectory in BridgeData's raw layout.

    Args:
        folder: The trajectory's folder, which must not exist yet.
        demonstration: What to write.
        start: Time of the first frame, seconds since 1970.
    """
    images = folder / "images0"
    images.mkdir(parents=True)
    for number, image in enumerate(demonstration.images):
        # As the frames of BridgeData's release are saved: quality 95, colour at half the resolution.
        Image.fromarray(image).save(images / f"im_{number}.jpg", "JPEG", quality=95, subsampling="4:2:0")
    steps = len(demonstration.actions)
    _write_pickle(
        folder / "obs_dict.pkl",
        {
            "full_state": demonstration.states,
            "time_stamp": start + SECONDS_PER_STEP * np.arange(steps + 1, dtype=np.float64),
        },
    )
    outputs = [{"actions": action.copy(), "policy_type": "ScriptedPolicy"} for action in demonstration.actions]
    _write_pickle(folder / "policy_out.pkl", outputs)
    _write_pickle(folder / "agent_data.pkl", {"traj_ok": True, "term_t": steps - 1})
    (folder / "lang.txt").write_text(f"{demonstration.instruction}\nconfidence: 1.0\n", encoding="utf-8")


def _write_pickle(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content, protocol=_PICKLE_PROTOCOL))


def _session_start(entry: PlanEntry) -> float:
    started = recorded_at(entry.date)
    if started is None:
        raise DataError(entry.date, given="not a date", allowed="YYYY-MM-DD_hh-mm-ss")
    return started.replace(tzinfo=UTC).timestamp()


def _config(entry: PlanEntry) -> dict:
    height, width = entry.image_size
    return {
        "task": entry.task,
        "demonstrations": entry.demonstrations,
        "seed": entry.seed,
        "image_height": height,
        "image_width": width,
        "action_noise_m": entry.action_noise,
        "control_frequency_hz": 1 / SECONDS_PER_STEP,
        "action_space": "x,y,z,roll,pitch,yaw,grasp",
    }


def _metadata(entry: PlanEntry, frames: int) -> dict:
    return {
        "collection_type": "scripted",
        "date_time": entry.date,
        "environment": "simulated_tabletop",
        "robot": "simulated_widowx",
        "policy_desc": "scripted expert",
        "camera_type": "simulated",
        "trajectories": entry.demonstrations,
        "frames": frames,
        "tasks": list(TASKS[entry.task].instructions),
    }
