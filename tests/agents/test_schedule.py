import pytest

from bridgelib.agents.agent import learning_rate_schedule


def test_warm_up_then_cosine_to_zero():
    rate = learning_rate_schedule(1.0, 10, 110)
    assert [float(rate(step)) for step in (0, 5, 10)] == pytest.approx([0, 0.5, 1])
    assert [float(rate(step)) for step in (60, 110, 500)] == pytest.approx([0.5, 0, 0], abs=1e-6)


def test_without_warm_up_it_starts_at_the_peak():
    rate = learning_rate_schedule(1.0, 0, 100)
    assert [float(rate(step)) for step in (0, 50, 100)] == pytest.approx([1, 0.5, 0], abs=1e-6)


def test_without_decay_it_stays_at_the_peak():
    for warmup in (0, 10):
        rate = learning_rate_schedule(3e-4, warmup, None)
        assert [float(rate(step)) for step in (warmup, 1000, 10**6)] == pytest.approx([3e-4] * 3)
