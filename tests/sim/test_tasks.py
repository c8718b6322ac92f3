"""Instructions: those of demonstrations, and those that are kept for the evaluation."""

import numpy as np
import pytest

from bridgelib.language.hashing import hashed, words_of
from bridgelib.sim.tasks import TASKS

DEMONSTRATED = {instruction: name for name, task in TASKS.items() for instruction in task.instructions}


def sentences(*names):
    return {words_of(text) for name in names for text in TASKS[name].instructions}


@pytest.mark.parametrize("task", TASKS)
def test_held_out_instructions_are_of_no_demonstration_and_have_a_word_of_none(task):
    words = {word for sentence in sentences(*TASKS) for word in sentence}
    held_out = TASKS[task].held_out_instructions
    assert len(set(held_out)) == len(held_out) >= 2
    for text in held_out:
        assert words_of(text) not in sentences(*TASKS)  # nor the same but for case, articles and punctuation
        assert set(words_of(text)) - words and set(words_of(text)) & words


@pytest.mark.parametrize("task", TASKS)
def test_held_out_instructions_lie_nearest_to_those_of_their_own_task(task):
    """So that the default encoder, which knows nothing of meaning, has something to go by."""
    near = hashed(TASKS[task].held_out_instructions) @ hashed(list(DEMONSTRATED)).T
    for row in near:
        nearest = list(DEMONSTRATED)[int(np.argmax(row))]
        assert nearest in TASKS[task].instructions


def test_tasks_that_share_scenes_share_no_instruction():
    for name, task in TASKS.items():
        if task.other:
            other = TASKS[task.other]
            assert not set(task.instructions) & set(other.instructions)
            assert not set(task.held_out_instructions) & set(other.held_out_instructions)
            assert sentences(name).isdisjoint(sentences(task.other))
