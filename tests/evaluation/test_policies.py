import numpy as np
import pytest

from bridgelib.errors import DataError
from bridgelib.evaluation.policies import PolicyActor
from bridgelib.evaluation.rollouts import WIDTH, roll_out
from bridgelib.policy import Policy
from tests.evaluation.fakes import Counting
from tests.policy.fakes import MEAN, STD, FakeAgent, spec


def acting(agent=None, embed=None, instructions=(), **changes):
    agent = agent or FakeAgent(changes.get("chunk"))
    return agent, PolicyActor(Policy(spec(**changes), agent, embed), instructions)


def unit(value):
    """The action entry for what the fake network says, in the robot's units."""
    return MEAN[0] + STD[0] * value


def test_all_scenes_are_one_batch_filled_up_to_the_width():
    agent, actor = acting()
    actor.begin([Counting(5), Counting(6)])
    actions = actor.act([Counting(0).reset(), None])
    assert actions[1] is None and actions[0][0] == pytest.approx(unit(0))
    ((observations, goals),) = agent.asked
    assert observations["image"].shape == (WIDTH, 4, 4, 3) and goals is None


def test_each_scene_is_answered_what_it_showed():
    _, actor = acting()
    scenes = [Counting(number) for number in range(3)]
    actor.begin(scenes)
    seen = [scene.reset() for scene in scenes]
    seen = [{**observation, "image": observation["image"] + 10 * number} for number, observation in enumerate(seen)]
    assert [action[0] for action in actor.act(seen)] == pytest.approx([unit(0), unit(10), unit(20)])


def test_the_camera_is_resized_as_in_training_and_proprio_is_normalised():
    agent, actor = acting(config={"agent_kwargs": {"use_proprio": True}, "encoder": "", "encoder_kwargs": {}})
    actor.begin([Counting(5)])
    actor.act([{"image": np.full((60, 80, 3), 9, np.uint8), "state": MEAN + 5}])
    ((observations, _),) = agent.asked
    assert observations["image"].shape[1:] == (4, 4, 3) and (observations["image"] == 9).all()
    assert observations["proprio"][0] == pytest.approx(np.zeros(7), abs=1e-5)


def test_a_chunk_is_carried_out_as_far_as_the_policy_says():
    agent, actor = acting(chunk=4, execute=3)
    actor.begin([Counting(100)])
    seen = Counting(0).reset()
    said = [actor.act([seen])[0][0] for _ in range(4)]
    assert said == pytest.approx([unit(0), unit(1), unit(2), unit(0)])
    assert len(agent.asked) == 2


def test_a_history_of_frames_is_each_scenes_own():
    agent, actor = acting(history=2)
    actor.begin([Counting(5), Counting(6)])
    for level in (1, 2):
        observation = Counting(0).reset()
        shown = [{**observation, "image": observation["image"] + level * (1 + number)} for number in range(2)]
        actor.act(shown)
    first, second = (observations["image"][:2, :, 0, 0, 0].tolist() for observations, _ in agent.asked)
    assert first == [[1, 1], [2, 2]] and second == [[1, 2], [2, 4]]


def test_a_new_episode_forgets_the_last_one():
    agent, actor = acting(chunk=4, execute=4)
    for _ in range(2):
        actor.begin([Counting(5)])
        actor.act([Counting(0).reset()])
    assert len(agent.asked) == 2


def test_a_goal_policy_is_shown_the_goal_of_each_scene():
    agent, actor = acting(goal="image")
    scenes = [Counting(7), Counting(8)]
    actor.begin(scenes)
    actor.act([scene.reset() for scene in scenes])
    ((_, goals),) = agent.asked
    assert goals["image"][:2, 0, 0, 0].tolist() == [7, 8] and goals["image"].shape == (WIDTH, 4, 4, 3)


@pytest.mark.parametrize(("instructions", "told"), [((), ["count to 7", "count to 8"]), (("go", "on"), ["on", "go"])])
def test_a_language_policy_is_told_the_scenes_or_the_given_instructions(instructions, told):
    heard = []

    def embed(text):
        heard.append(text)
        return np.zeros(3, np.float32)

    _, actor = acting(embed=embed, instructions=instructions, goal="language", language_size=3)
    actor.begin([Counting(7), Counting(8)])
    assert heard == told


def test_without_a_camera_only_a_blind_policy_acts_on_black():
    agent, actor = acting()
    actor.begin([Counting(5, camera=False)])
    actor.act([Counting(5, camera=False).reset()])
    ((observations, _),) = agent.asked
    assert not observations["image"].any()


def test_a_policy_that_must_be_told_in_words_and_has_none_is_refused():
    _, actor = acting(goal="language", language_size=3)
    with pytest.raises(DataError, match="no encoder"):
        actor.begin([Counting(7)])


def test_a_binary_gripper_opens_or_closes():
    class Gripping(FakeAgent):
        def sample_actions(self, observations, goals=None):
            actions = super().sample_actions(observations, goals)
            actions[:, 6] = [(0.3, 0.7)[number % 2] for number in range(len(actions))]
            return (actions - MEAN) / STD

    for gripper, expected in (("binary", [0, 1]), ("continuous", [0.3, 0.7])):
        _, actor = acting(agent=Gripping(), gripper=gripper)
        scenes = [Counting(7), Counting(8)]
        actor.begin(scenes)
        assert [action[6] for action in actor.act([scene.reset() for scene in scenes])] == pytest.approx(expected)


def test_rolled_out_it_does_what_it_says():
    """The fake's first entry is the image's level: from 0 it never moves, whatever the number of scenes."""
    _, actor = acting()
    episodes = list(roll_out([Counting(2)] * (WIDTH + 1), WIDTH + 1, actor, "", steps=3))
    assert len(episodes) == WIDTH + 1 and not any(each.success for each in episodes)


def test_an_ensemble_in_many_scenes_is_that_of_each_alone():
    """Scenes that see different things, one of which ends early, against policies that act in one."""

    def shown(level):
        return {"image": np.full((4, 4, 3), level, np.uint8), "state": np.zeros(7)}

    levels = [[0, 10, 20, 30], [5, 5, 6], [1, 50, 2, 9]]
    alone = []
    for course in levels:
        policy = Policy(spec(chunk=3), FakeAgent(chunk=3), ensemble=0.3)
        alone.append([policy.act(shown(level)["image"]) for level in course])
    agent = FakeAgent(chunk=3)
    actor = PolicyActor(Policy(spec(chunk=3), agent, ensemble=0.3))
    for _ in range(2):  # the second time as the first: nothing is left of an episode
        actor.begin([Counting(number) for number in range(3)])
        for step in range(4):
            seen = [shown(course[step]) if step < len(course) else None for course in levels]
            for number, action in enumerate(actor.act(seen)):
                if step < len(levels[number]):
                    np.testing.assert_array_equal(action, alone[number][step])
                else:
                    assert action is None
    assert len(agent.asked) == 8 and all(len(asked["image"]) == WIDTH for asked, _ in agent.asked)
