"""What is said of odd statistics."""

import numpy as np

from bridgelib.data.remarks import remarks_on
from bridgelib.data.statistics import Moments, Statistics


def statistics(std=0.1, **more):
    moments = Moments(*(np.full(7, number) for number in (0.25, std, 0.0, 1.0)))
    return Statistics(moments, moments, 2, 50, **more)


def test_nothing_is_said_of_common_ones():
    assert remarks_on(statistics()) == []
    assert remarks_on(statistics(crossings={"roll": 0, "pitch": 0, "yaw": 0}, relabel_angles="wrapped")) == []


def test_each_number_that_hardly_varies_is_named():
    std = np.full(7, 0.1)
    std[[2, 5]] = 9.5e-8, 0.0
    found = remarks_on(statistics(std))
    assert {each.remark for each in found} == {"near_constant"}
    assert [each.detail for each in found] == [  # of yaw, which never varies, nothing is said
        "z of the state is 0.25 and varies by 9.5e-08, less than 0.0001",
        "z of the action is 0.25 and varies by 9.5e-08, less than 0.0001",
    ]


def test_rotations_across_half_a_turn_are_counted_by_how_they_are_learnt():
    crossings = {"roll": 0, "pitch": 0, "yaw": 3}
    for angles, told in (("wrapped", "shorter way"), ("plain", "turns of almost 2π"), (None, "as commanded")):
        made = statistics(crossings=crossings, relabel_angles=angles, straddling=("yaw",))
        (noticed,) = remarks_on(made)
        assert noticed.remark == "angles_straddle" and noticed.detail.startswith("yaw of the state")
        assert "3 of 50 steps go across" in noticed.detail and told in noticed.detail
