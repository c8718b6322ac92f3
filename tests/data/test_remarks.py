"""What is said of odd statistics."""

import numpy as np

from bridgelib.data.remarks import REMARKS, remarks_on
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
    assert [detail for code, detail in remarks_on(statistics(std)) if code == "near_constant"] == [
        "z of the state is 0.25, and varies by 9.5e-08, less than 0.0001",
        "yaw of the state never varies from 0.25",
        "z of the action is 0.25, and varies by 9.5e-08, less than 0.0001",
        "yaw of the action never varies from 0.25",
    ]


def test_rotations_across_half_a_turn_are_counted_by_how_they_are_learnt():
    crossings = {"roll": 0, "pitch": 0, "yaw": 3}
    for angles, told in (("wrapped", "shorter way"), ("plain", "turns of almost 2π"), (None, "as commanded")):
        made = statistics(crossings=crossings, relabel_angles=angles, straddling=("yaw",))
        straddling, crossed = remarks_on(made)
        assert straddling[0] == "angles_straddle" and straddling[1].startswith("yaw of the state")
        assert crossed[0] == "angles_crossed" and "3 of 50 steps of yaw" in crossed[1] and told in crossed[1]
        assert {code for code, _ in (straddling, crossed)} <= REMARKS.keys()
