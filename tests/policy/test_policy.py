import json

import numpy as np
import pytest
from PIL import Image

from bridgelib.errors import DataError
from bridgelib.policy import Policy, PolicySpec
from bridgelib.raw.frames import read_frames
from tests.policy.fakes import MEAN, STD, FakeAgent, image, spec


def test_actions_come_in_metres_radians_and_gripper_units():
    action = Policy(spec(), FakeAgent()).act(image(2))
    assert action.dtype == np.float32
    np.testing.assert_allclose(action, MEAN + STD * [2, 0, 0, 0, 0, 0, 0], rtol=1e-6)


def test_bounds_normalisation_is_undone_too():
    action = Policy(spec(normalisation="bounds"), FakeAgent()).act(image(1))
    np.testing.assert_allclose(action, MEAN - 1 + 2 * np.array([1, 0, 0, 0, 0, 0, 0]), rtol=1e-6)


def test_proprio_is_normalised_as_in_training_and_asked_for_where_it_is_used():
    agent = FakeAgent()
    policy = Policy(spec(config={"agent_kwargs": {"use_proprio": True}}), agent)
    policy.act(image(0), MEAN + 5 + STD)
    np.testing.assert_allclose(agent.asked[0][0]["proprio"], np.ones((1, 7)), rtol=1e-4)
    with pytest.raises(DataError, match=r"proprio\n.*none"):
        policy.act(image(0))
    with pytest.raises(DataError, match=r"shape \[6\]"):
        policy.act(image(0), np.zeros(6))
    for broken in ([np.nan, *[0.0] * 6], ["open"] * 7):
        with pytest.raises(DataError, match="7 finite numbers"):
            policy.act(image(0), broken)
    assert len(agent.asked) == 1


@pytest.mark.parametrize(
    "wrong", [image(0, 8), image(0).astype(np.float32), image(0)[..., 0], image(0)[:0], [[1], [2, 3]]]
)
def test_image_of_another_size_or_type_is_refused_with_the_way_out(wrong):
    with pytest.raises(DataError, match=r"policy, image\n(.*\n)+.*policy.prepare"):
        Policy(spec(), FakeAgent()).act(wrong)


@pytest.mark.parametrize(
    ("kind", "given", "allowed"),
    [
        ("none", {"goal": image(0)}, "nothing"),
        ("image", {}, "goal=<image>"),
        ("image", {"instruction": "open"}, "goal=<image>"),
        ("language", {"goal": image(0)}, "instruction=<text>"),
        ("image", {"goal": image(0), "instruction": "open"}, "goal=<image>"),
    ],
)
def test_goal_of_the_wrong_kind_is_refused(kind, given, allowed):
    with pytest.raises(DataError, match=f"allowed: {allowed}"):
        Policy(spec(goal=kind), FakeAgent()).act(image(0), **given)


def test_goal_image_reaches_the_agent_and_must_have_the_right_size():
    agent = FakeAgent()
    policy = Policy(spec(goal="image"), agent)
    policy.act(image(0), goal=image(9))
    assert agent.asked[0][1]["image"].tolist() == image(9)[None].tolist()
    with pytest.raises(DataError, match="policy, goal"):
        policy.act(image(0), goal=image(9, 8))


def test_instruction_is_embedded_by_the_encoder_of_its_training():
    agent = FakeAgent()
    policy = Policy(spec(goal="language", language_size=2), agent, embed=lambda text: [len(text), 0])
    policy.act(image(0), instruction="open")
    assert agent.asked[0][1]["language"].tolist() == [[4, 0]]
    with pytest.raises(DataError, match="no encoder"):
        Policy(spec(goal="language", language_size=2), agent).act(image(0), instruction="open")
    with pytest.raises(DataError, match=r"shape \[2\]"):
        Policy(spec(goal="language", language_size=3), agent, embed=lambda text: [1, 0]).act(image(0), instruction="")


@pytest.mark.parametrize("answer", [np.nan, np.inf])
def test_an_answer_that_is_no_number_goes_to_no_arm(answer):
    class Diverged(FakeAgent):
        def sample_actions(self, observations, goals=None):
            return np.where(np.arange(7) == 3, answer, super().sample_actions(observations, goals))

    with pytest.raises(DataError, match=r"policy \(bc after 1 updates\), action\n.*NaN or infinity"):
        Policy(spec(), Diverged()).act(image(0))


def test_history_is_padded_by_the_first_frame_and_forgotten_at_a_reset():
    agent = FakeAgent()
    policy = Policy(spec(history=3), agent)
    for value in (1, 2, 3, 4):
        policy.act(image(value))
    seen = [observations["image"][0, :, 0, 0, 0].tolist() for observations, _ in agent.asked]
    assert seen == [[1, 1, 1], [1, 1, 2], [1, 2, 3], [2, 3, 4]]
    policy.reset()
    policy.act(image(7))
    assert agent.asked[-1][0]["image"][0, :, 0, 0, 0].tolist() == [7, 7, 7]


@pytest.mark.parametrize(("execute", "expected", "predictions"), [(1, [0, 10, 20, 30], 4), (2, [0, 1, 20, 21], 2)])
def test_of_each_chunk_the_first_actions_are_carried_out(execute, expected, predictions):
    agent = FakeAgent(chunk=4)
    policy = Policy(spec(chunk=4), agent, execute=execute)
    steps = [policy.act(image(value))[0] for value in (0, 10, 20, 30)]
    np.testing.assert_allclose((np.array(steps) - MEAN[0]) / STD[0], expected, atol=1e-3)
    assert len(agent.asked) == predictions


def test_prepare_resizes_as_the_conversion_does(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "im_0.jpg")
    camera = np.asarray(Image.open(tmp_path / "im_0.jpg"))
    converted = read_frames(tmp_path, 1, 4)[0]
    assert Policy(spec(), FakeAgent()).prepare(camera).tolist() == converted.tolist()


@pytest.mark.parametrize(
    "wrong",
    [
        *(np.zeros(shape, np.uint8) for shape in [(48, 64), (48, 64, 4), (48, 64, 1), (3, 48, 64), (1, 48, 64, 3), ()]),
        *(np.zeros((48, 64, 3), dtype) for dtype in (np.float32, np.float64, np.int64, np.int8, bool, object)),
        np.full((48, 64, 3), np.nan),
        None,
        "camera.png",
        [[0]],
        [[1, 2], [3]],
    ],
)
def test_prepare_refuses_what_is_no_camera_image(wrong):
    with pytest.raises(DataError, match=r"allowed: uint8\[height, width, 3\]"):
        Policy(spec(), FakeAgent()).prepare(wrong)


@pytest.mark.parametrize("shape", [(0, 64, 3), (48, 0, 3), (0, 0, 3)])
def test_prepare_refuses_an_image_without_a_pixel(shape):
    """Pillow would make a black one of it."""
    with pytest.raises(DataError, match=r"without a pixel\n(.*\n)*.*allowed: uint8"):
        Policy(spec(), FakeAgent()).prepare(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("execute", [0, -1, 1.5, True, "2"])
def test_of_each_chunk_at_least_one_action_is_carried_out(execute):
    with pytest.raises(DataError, match="at least one action"):
        Policy(spec(chunk=4), FakeAgent(chunk=4), execute=execute)


def test_spec_survives_json():
    original = spec(history=2, chunk=3, goal="language", language_size=5)
    again = PolicySpec.from_json(json.loads(json.dumps(original.to_json())))
    assert again.to_json() == original.to_json()
    assert again.image_shape == original.image_shape
    example = again.example()
    assert example["observations"]["image"].shape == (1, 2, 4, 4, 3)
    assert example["actions"].shape == (1, 3, 7) and example["goals"]["language"].shape == (1, 5)
