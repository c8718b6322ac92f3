"""Ways of items to their targets: by hand, and as they are drawn."""

import numpy as np
import pytest

from bridgelib.sim.ways import PUSH_RUN_UP, REACH, begun_behind, clearance, random_ways

WAY = np.array([[0.30, 0.00], [0.30, 0.10]])  # along y


def test_a_push_begins_behind_the_item_as_seen_from_the_target():
    np.testing.assert_allclose(begun_behind(WAY), [0.30, -PUSH_RUN_UP])
    np.testing.assert_allclose(begun_behind(np.array([WAY, WAY[::-1]])), [[0.30, -0.055], [0.30, 0.155]])


@pytest.mark.parametrize(
    ("spot", "metres"),
    [
        ((0.35, 0.05), 0.05),  # beside it
        ((0.30, 0.12), 0.02),  # beyond the target
        ((0.30, -0.04), 0.0),  # on the run-up
        ((0.33, -0.095), 0.05),  # behind it: 3, 4, 5
        ((0.30, 0.03), 0.0),
    ],
)
def test_clearance_is_the_distance_to_run_up_and_way(spot, metres):
    assert clearance(np.array(spot), WAY) == pytest.approx(metres, abs=1e-12)


@pytest.mark.parametrize("manners", [("place",), ("push",), ("push", "place")])
def test_ways_can_be_gone_and_lie_everywhere(manners):
    ways = np.array([random_ways(manners, np.random.default_rng(seed)) for seed in range(200)])
    low, high = np.transpose(REACH)
    assert ways.shape == (200, len(manners), 2, 2)
    assert (ways >= low).all() and (ways <= high).all()
    lengths = np.linalg.norm(ways[:, :, 1] - ways[:, :, 0], axis=-1)
    for length, manner in zip(lengths.T, manners, strict=True):
        nearest, farthest = {"place": (0.13, 0.22), "push": (0.11, 0.17)}[manner]
        assert length.min() >= nearest and length.max() <= farthest
    starts = begun_behind(ways[:, [number for number, manner in enumerate(manners) if manner == "push"]])
    assert (starts >= low - 0.02).all() and (starts <= high + 0.02).all()
    assert (ways.std(axis=0) > 0.2 * (high - low)).all()


def test_two_ways_do_not_cross():
    """A run-up may come as near to another way as 0.080 - 0.055 m; all else keeps its distance."""
    for seed in range(100):
        one, other = random_ways(("push", "place"), np.random.default_rng(seed))
        for along, beside in ((one, other), (other, one)):
            assert clearance(along, beside).min() > 0.08
            points = begun_behind(along) + np.linspace(0, 1, 50)[:, None] * (along[1] - begun_behind(along))
            assert clearance(points, beside).min() > 0.0249
