"""The hashing encoder: the same everywhere, and similar instructions near one another."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.language.hashing import DIMENSIONS, hashed, words_of

# Instructions as BridgeData has them, and as other annotators would say the same.
PARAPHRASES = [
    ("put carrot on plate", "Put the carrot on the plate.", "put the carrot onto a plate"),
    ("flip pot upright which is in sink", "Flip the pot upright in the sink.", "turn the pot in the sink upright"),
    ("put cup from counter or drying rack into sink", "put the cup from the counter into the sink"),
    ("turn lever vertical to front", "turn the lever vertically to the front"),
    ("fold the cloth from top left to bottom right", "fold cloth from the top left corner to the bottom right corner"),
    ("move the pot to the left side of the stove", "move the silver pot to the left of the stove"),
    ("put eggplant in pot", "place the eggplant into the pot"),
    ("open the drawer", "opening the drawer"),
]


def similarity(one, other):
    return float(np.dot(*hashed([one, other])))


@pytest.mark.parametrize("group", range(len(PARAPHRASES)))
def test_paraphrases_are_nearer_than_any_other_task(group):
    others = [text for number, texts in enumerate(PARAPHRASES) if number != group for text in texts]
    texts = PARAPHRASES[group]
    nearest_other = max(similarity(text, other) for text in texts for other in others)
    assert min(similarity(texts[0], text) for text in texts[1:]) > nearest_other


def test_order_and_stems_count():
    there, back = "put the pot on the plate", "put the plate on the pot"
    assert similarity(there, back) < 0.95
    assert similarity("open drawer", "opens drawers") > similarity("open drawer", "close fridge") + 0.2


def test_no_two_words_fall_together():
    letters = np.random.default_rng(0).integers(ord("a"), ord("z") + 1, (500, 6))
    vectors = hashed(["".join(map(chr, word)) for word in letters])
    products = (vectors @ vectors.T)[~np.eye(len(vectors), dtype=bool)]
    assert abs(products).max() < 0.4
    assert abs(products.mean()) < 0.005  # the signs make them fall on either side of 0


@pytest.mark.parametrize(
    "text",
    [
        "PUT CARROT ON PLATE",
        "put  carrot\ton plate.",
        "put_carrot_on_plate",
        "put the carrot on a plate!",
        "ｐut carrot on plate",
    ],
)
def test_case_punctuation_spacing_and_articles_do_not_count(text):
    np.testing.assert_array_equal(hashed([text]), hashed(["put carrot on plate"]))


@given(st.text(max_size=40))
def test_every_text_has_length_one_or_holds_no_word(text):
    vector = hashed([text])[0]
    assert vector.shape == (DIMENSIONS,) and vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1 if words_of(text) else 0, abs=1e-6)


def test_no_instructions():
    assert hashed([]).shape == (0, DIMENSIONS)


def test_one_word_worked_out_by_hand():
    """`up` is one word of weight 1 and the pieces `<up`, `up>`, `<up>` of 1 / sqrt(3), each at four places."""
    vector = hashed(["up"])[0]
    length = np.sqrt(4 * (1 + 3 / 3))
    assert sorted(abs(vector[vector != 0])) == pytest.approx([1 / np.sqrt(3) / length] * 12 + [1 / length] * 4)


def test_other_processes_hash_alike():
    """Python's own hash() differs between processes; tables and policies must not."""
    program = (
        "import hashlib; from bridgelib.language.hashing import hashed;"
        "print(hashlib.sha256(hashed(['flip pot upright', 'öffne die Schublade']).tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {"788021fdcd4a51e334399d405973a8ff95db8fa98ede9bb250634e637acf69c3"}
