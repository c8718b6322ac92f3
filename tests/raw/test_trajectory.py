"""What becomes of the files of a good trajectory: arrays, pixels, words, identity."""

import datetime
import errno
import hashlib
import io
import pickle
import struct

import numpy as np
import pytest
from PIL import Image, ImageFile

from bridgelib.errors import DataError
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.trajectory import read_trajectory
from tests.raw_trees import jpeg, observations, save, write_trajectory

BEFORE, AFTER = "2021-07-22_23-59-59", "2021-07-23_00-00-00"
STATE = np.arange(28.0).reshape(4, 7)  # rows 0-6, 7-13, 14-20, 21-27
ACTIONS = [100.0 + np.arange(7), 200.0 + np.arange(7), 300.0 + np.arange(7)]
RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)


def written(raw, date=AFTER, name="traj0", **options):
    relative = f"task/{date}/raw/traj_group0/{name}"
    return write_trajectory(raw / relative, **options), relative


def by_hand(raw, date):
    """Three actions between four frames of one colour each."""
    folder, name = written(raw, date)
    save(folder / "obs_dict.pkl", {"full_state": STATE, "time_stamp": np.array([10.0, 11.0, 12.0, 13.0])})
    save(folder / "policy_out.pkl", [{"actions": action} for action in ACTIONS])
    for number, colour in enumerate((RED, GREEN, BLUE, GREY)):
        Image.new("RGB", (32, 24), colour).save(folder / "images0" / f"im_{number}.jpg", quality=100)
    return read_trajectory(raw, name, im_size=8)


def colours(trajectory):
    return [tuple(frame[4, 4].round(-1).astype(int)) for frame in trajectory.frames[0].astype(float)]


def test_after_the_23rd_of_july_nothing_is_shifted(tmp_path):
    trajectory = by_hand(tmp_path, AFTER)
    assert colours(trajectory) == [(250, 0, 0), (0, 260, 0), (0, 0, 250), (130, 130, 130)]
    assert trajectory.state.tolist() == STATE.tolist()
    assert trajectory.time_stamp.tolist() == [10, 11, 12, 13]
    assert trajectory.actions[:, 0].tolist() == [100, 200, 300]


def test_before_the_23rd_of_july_observations_lose_their_first_and_actions_their_last(tmp_path):
    trajectory = by_hand(tmp_path, BEFORE)
    assert colours(trajectory) == [(0, 260, 0), (0, 0, 250), (130, 130, 130)]
    assert trajectory.state[:, 0].tolist() == [7, 14, 21]
    assert trajectory.time_stamp.tolist() == [11, 12, 13]
    assert trajectory.actions[:, 0].tolist() == [100, 200]


def test_types_and_shapes(tmp_path):
    _folder, name = written(tmp_path, actions=5, cameras=(0, 1, 2))
    trajectory = read_trajectory(tmp_path, name, 16, cameras=(2, 0))
    assert {camera: (frames.dtype, frames.shape) for camera, frames in trajectory.frames.items()} == {
        camera: (np.uint8, (6, 16, 16, 3)) for camera in (0, 2)
    }
    assert (trajectory.state.dtype, trajectory.state.shape) == (np.float32, (6, 7))
    assert (trajectory.time_stamp.dtype, trajectory.time_stamp.shape) == (np.float64, (6,))
    assert (trajectory.actions.dtype, trajectory.actions.shape) == (np.float32, (5, 7))
    assert trajectory.name == name


@pytest.mark.parametrize("im_size", [16, 24, 64])
def test_pixels_are_those_of_pillows_lanczos_resize(tmp_path, im_size):
    folder, name = written(tmp_path, size=(64, 48))
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(noise).save(folder / "images0" / f"im_{number}.jpg", quality=90)
    frames = read_trajectory(tmp_path, name, im_size).frames[0]
    for number in range(4):
        image = Image.open(folder / "images0" / f"im_{number}.jpg").resize((im_size, im_size), Image.Resampling.LANCZOS)
        assert np.array_equal(frames[number], np.asarray(image))


def test_pixels_of_real_frames(shared):
    raw = shared / "bridge-sample" / "raw"
    name = "put_carrot_on_plate/2021-08-02_10-00-00/raw/traj_group0/"
    name += min(path.name for path in (raw / name).iterdir())
    for im_size in (64, 128):
        frames = read_trajectory(raw, name, im_size, cameras=(0, 3)).frames
        for camera in (0, 3):
            for number in range(10):
                image = Image.open(raw / name / f"images{camera}" / f"im_{number}.jpg")
                expected = np.asarray(image.resize((im_size, im_size), Image.Resampling.LANCZOS))
                assert np.array_equal(frames[camera][number], expected)


def test_a_jpeg_cut_anywhere_is_broken(tmp_path):
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    folder, name = written(tmp_path)
    content = (folder / "images0" / "im_1.jpg").read_bytes()
    for length in range(0, len(content), 7):
        for rest in (b"", b"\0" * (len(content) - length)):
            (folder / "images0" / "im_1.jpg").write_bytes(content[:length] + rest)
            with pytest.raises(Rejected, match="broken_image"):
                read_trajectory(tmp_path, name, 8)


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        (None, ("",)),
        ("", ("",)),
        ("\n\n", ("",)),
        ("confidence: 1.0\n", ("",)),
        ("  put the pot on the stove \nconfidence: 0.9\n", ("put the pot on the stove",)),
        ("first\r\nconfidence: 0.5\r\n\r\nsecond", ("first", "second")),
        ("\ufeffTür öffnen\n把胡萝卜放在盘子上\n", ("Tür öffnen", "把胡萝卜放在盘子上")),
        ("move with confidence\n", ("move with confidence",)),
    ],
)
def test_instructions(tmp_path, text, languages):
    folder, name = written(tmp_path, language=None)
    if text is not None:
        (folder / "lang.txt").write_bytes(text.encode())
    assert read_trajectory(tmp_path, name, 8).languages == languages


def test_actions_in_all_their_forms(tmp_path):
    folder, name = written(tmp_path)
    forms = [
        [{"actions": action, "policy_type": "VR"} for action in ACTIONS],
        [{"actions": action.tolist()} for action in ACTIONS],
        ACTIONS,
        [tuple(action) for action in ACTIONS],
        [[np.float32(number) for number in action] for action in ACTIONS],
        np.array(ACTIONS),
        np.array(ACTIONS, np.float32),
    ]
    for form in forms:
        save(folder / "policy_out.pkl", form)
        assert np.array_equal(read_trajectory(tmp_path, name, 8).actions, np.array(ACTIONS, np.float32))


def test_states_as_lists(tmp_path):
    folder, name = written(tmp_path)
    save(folder / "obs_dict.pkl", {"full_state": list(STATE), "time_stamp": [1, 2, 3, 4.5]})
    trajectory = read_trajectory(tmp_path, name, 8)
    assert trajectory.state.tolist() == STATE.tolist()
    assert trajectory.time_stamp.tolist() == [1, 2, 3, 4.5]


def test_lists_that_share_their_entries_are_not_unfolded(tmp_path):
    folder, name = written(tmp_path)
    nested = [0.0]
    for _ in range(60):
        nested = [nested, nested]
    wide = np.zeros(1_000_000)
    for bomb in (nested, [wide] * 100_000, [[nested]] * 4):
        save(folder / "policy_out.pkl", bomb)
        with pytest.raises(Rejected, match="wrong_shape"):
            read_trajectory(tmp_path, name, 8)


def identity(raw, name, im_size=8, cameras=(0,)):
    return read_trajectory(raw, name, im_size, cameras).content_id


def test_identity_is_of_the_content_alone(tmp_path):
    _folder, name = written(tmp_path, cameras=(0, 1))
    first = identity(tmp_path, name)
    assert len(first) == 32 and set(first) <= set("0123456789abcdef")
    assert identity(tmp_path, name, im_size=16, cameras=(0, 1)) == first
    for date, language, protocol in ((AFTER, None, 2), (BEFORE, "other", 5)):
        _folder, other = written(tmp_path, date, "traj7", language=language, protocol=protocol)
        assert identity(tmp_path, other) == first
    folder, as_float32 = written(tmp_path, name="traj8")
    content = pickle.loads((folder / "obs_dict.pkl").read_bytes())
    save(folder / "obs_dict.pkl", {**content, "full_state": list(content["full_state"])})
    assert identity(tmp_path, as_float32) == first


def test_identity_by_hand(tmp_path):
    """Splits that were made once rest on it: 8 bytes of length, then the bytes, for each file and array."""
    folder, name = written(tmp_path)
    save(folder / "obs_dict.pkl", {"full_state": STATE, "time_stamp": [1, 2, 3, 4]})
    save(folder / "policy_out.pkl", ACTIONS)
    parts = [(folder / "images0" / f"im_{number}.jpg").read_bytes() for number in range(4)]
    parts += [struct.pack("<28d", *range(28)), struct.pack("<21d", *np.concatenate(ACTIONS))]
    parts += [struct.pack("<4d", 1, 2, 3, 4)]
    digest = hashlib.sha256(b"".join(struct.pack("<Q", len(part)) + part for part in parts)).hexdigest()
    assert identity(tmp_path, name) == digest[:32]


def test_identity_changes_with_every_part_of_the_content(tmp_path):
    folder, name = written(tmp_path)
    seen = {identity(tmp_path, name)}
    (folder / "images0" / "im_2.jpg").write_bytes(jpeg(99))
    seen.add(identity(tmp_path, name))
    save(folder / "obs_dict.pkl", observations(STATE))
    seen.add(identity(tmp_path, name))
    save(folder / "obs_dict.pkl", {"full_state": STATE, "time_stamp": np.arange(4.0)})
    seen.add(identity(tmp_path, name))
    save(folder / "policy_out.pkl", ACTIONS)
    seen.add(identity(tmp_path, name))
    assert len(seen) == 5


def test_messages_of_the_recorder_in_agent_data_are_no_fault(tmp_path):
    """The real release keeps ROS messages there, which nobody reads."""
    folder, name = written(tmp_path)
    (folder / "agent_data.pkl").write_bytes(
        b"\x80\x03}X\x04\x00\x00\x00infocsensor_msgs.msg._CameraInfo\nCameraInfo\n)\x81s."
    )
    assert read_trajectory(tmp_path, name, 8).actions.shape == (3, 7)


def test_what_is_used_must_be_plain_data(tmp_path):
    """An object in an unused entry is passed over; where numbers belong, it rejects."""
    folder, name = written(tmp_path)
    used = [{"actions": action} for action in ACTIONS]
    odd = datetime.date(2021, 8, 2)
    stamps = [1.0, 2.0, 3.0, 4.0]
    for content in (
        *({"full_state": odd, "time_stamp": stamps}, {"full_state": STATE, "time_stamp": odd}, odd, [odd]),
        {"full_state": [odd, *STATE[1:]], "time_stamp": stamps},
        {"full_state": STATE.view(np.matrix), "time_stamp": stamps},
    ):
        save(folder / "obs_dict.pkl", content)
        save(folder / "policy_out.pkl", used)
        with pytest.raises(Rejected, match=r"forbidden_pickle: obs_dict\.pkl .*nothing was executed"):
            read_trajectory(tmp_path, name, 8)
    save(folder / "obs_dict.pkl", {"full_state": STATE, "time_stamp": stamps, "other": odd})
    for content in ([{"actions": odd}, *used[1:]], [odd, *used[1:]], odd):
        save(folder / "policy_out.pkl", content)
        with pytest.raises(Rejected, match=r"forbidden_pickle: policy_out\.pkl .*nothing was executed"):
            read_trajectory(tmp_path, name, 8)
    save(folder / "policy_out.pkl", [{**step, "policy_type": odd} for step in used])
    trajectory = read_trajectory(tmp_path, name, 8)
    assert trajectory.state.tolist() == STATE.tolist() and trajectory.actions.tolist() == np.array(ACTIONS).tolist()


def test_a_damaged_array_costs_a_trajectory_only_where_it_is_used(tmp_path):
    folder, name = written(tmp_path)
    content = {"full_state": STATE, "time_stamp": [1.0, 2.0, 3.0, 4.0], "other": np.arange(5, dtype=np.int16)}
    pickled = pickle.dumps(content, protocol=2)
    (folder / "obs_dict.pkl").write_bytes(_larger(pickled, b"K\x05\x85"))
    assert [entry.remark for entry in read_trajectory(tmp_path, name, 8).noticed].count("odd_entry") == 1
    (folder / "obs_dict.pkl").write_bytes(_larger(pickled, b"K\x04K\x07\x86"))
    with pytest.raises(Rejected, match=r"unreadable_pickle: obs_dict\.pkl .* has 224 bytes or entries instead of 280"):
        read_trajectory(tmp_path, name, 8)


def _larger(pickled, shape):
    """The pickle with a shape whose first side is one more than there are bytes for."""
    assert pickled.count(shape) == 1
    return pickled.replace(shape, shape[:1] + bytes([shape[1] + 1]) + shape[2:])


def test_an_image_of_monstrous_size_is_not_decoded(tmp_path):
    folder, name = written(tmp_path)
    content = io.BytesIO()
    Image.new("RGB", (5000, 4000)).save(content, "JPEG", quality=1)
    (folder / "images0" / "im_0.jpg").write_bytes(content.getvalue())
    with pytest.raises(Rejected, match="claims 5000x4000 pixels"):
        read_trajectory(tmp_path, name, 8)


def test_what_the_machine_lacks_is_no_fault_of_the_trajectory(tmp_path, monkeypatch):
    _folder, name = written(tmp_path)

    def exhausted(path):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("pathlib.Path.read_bytes", exhausted)
    with pytest.raises(DataError, match="Too many open files"):
        read_trajectory(tmp_path, name, 8)


def test_a_failing_disk_rejects_the_trajectory(tmp_path, monkeypatch):
    _folder, name = written(tmp_path)

    def failing(path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("pathlib.Path.read_bytes", failing)
    with pytest.raises(Rejected, match=r"unreadable_file: obs_dict.pkl: Input/output error"):
        read_trajectory(tmp_path, name, 8)
