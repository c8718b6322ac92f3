"""A loss of arrays that do not belong together is refused, however well they would broadcast."""

import inspect
from typing import get_args

import jax
import jax.numpy as jnp
import pytest

from bridgelib.agents import losses
from bridgelib.agents.gaussian import likelihood_loss, policy_metrics
from bridgelib.networks.distributions import DiagonalLaplace, DiagonalNormal, TanhNormal


def zeros(*shape: int) -> jax.Array:
    return jnp.zeros(shape)


# Loss -> options, shapes that are right, and shapes each of which broadcasts without a word
EXAMPLES = {
    "squared_error": ({}, [(3, 7), (3, 7)], [[(3, 1), (3, 7)], [(3, 7), (7,)], [(3, 7), (1, 7)], [(3, 3, 7), (3, 7)]]),
    "squared_difference": ({}, [(3,), (3,)], [[(3,), (3, 1)], [(3,), (1,)], [(3, 3), (3, 3)], [(), (3,)]]),
    "masked_mean": ({}, [(3, 4), (3, 4)], [[(3, 4), (3, 1)], [(3, 4), (4,)], [(3,), (3, 3)], [(3, 1), (3, 4)]]),
    "expectile_loss": ({"expectile": 0.7}, [(3,)], [[(3, 3)], [(3, 1)], [()]]),
    "bellman_target": ({"discount": 0.9}, [(3,)] * 3, [[(3, 1), (3,), (3,)], [(3,), (1,), (3,)], [(3,), (3,), (3, 1)]]),
    "advantage_weighted_loss": ({"temperature": 1.0}, [(3,)] * 2, [[(3, 1), (3,)], [(3,), (1,)], [(3, 7), (3, 7)]]),
    "classification_loss": ({}, [(3, 3, 2)], [[(1, 3)], [(3, 1)], [(3, 3, 1)], [(3,)], [(1, 3, 2)]]),
    "temporal_difference_loss": (
        {"discount": 0.9},
        [(3, 2), (3, 2), (3,)],
        [[(1, 2), (3, 2), (3,)], [(3, 2), (3, 1), (3,)], [(3, 2), (3, 2), (1,)], [(3, 2), (3, 2), (3, 1)]],
    ),
    "saliency_map": ({"temperature": 1.0, "height": 4, "width": 4}, [(3, 2, 2, 5)], [[(3, 2, 2)], [(2, 2, 5)]]),
    "saliency_divergence": (
        {"kind": "KL"},
        [(3, 4, 4, 1)] * 2,
        [[(1, 4, 4, 1), (3, 4, 4, 1)], [(3, 4, 4, 1), (3, 1, 4, 1)], [(3, 4, 4, 3), (3, 4, 4, 1)]],
    ),
}
WRONG = [(name, shapes) for name, (_, _, wrong) in EXAMPLES.items() for shapes in wrong]


def test_every_loss_is_here():
    public = [
        name
        for name, value in vars(losses).items()
        if inspect.isfunction(value) and value.__module__ == losses.__name__ and not name.startswith("_")
    ]
    assert set(EXAMPLES) == set(public)


@pytest.mark.parametrize("name", EXAMPLES)
def test_right_shapes_pass(name):
    options, shapes, _ = EXAMPLES[name]
    jax.eval_shape(lambda: getattr(losses, name)(*[zeros(*shape) for shape in shapes], **options))


@pytest.mark.parametrize(("name", "shapes"), WRONG)
def test_wrong_shapes_are_refused_while_tracing(name, shapes):
    options = EXAMPLES[name][0]
    with pytest.raises(ValueError, match="has shape"):
        jax.eval_shape(lambda: getattr(losses, name)(*[zeros(*shape) for shape in shapes], **options))


@pytest.mark.parametrize("kind", get_args(losses.Divergence))
def test_every_divergence_refuses_a_map_for_all(kind):
    with pytest.raises(ValueError, match="saliency has shape"):
        losses.saliency_divergence(zeros(3, 4, 4, 1), zeros(1, 4, 4, 1), kind)


POLICIES = {
    "normal": DiagonalNormal(zeros(3, 7), 1 + zeros(3, 7)),
    "laplace": DiagonalLaplace(zeros(3, 7), 1 + zeros(3, 7)),
    "squashed": TanhNormal(DiagonalNormal(zeros(3, 7), 1 + zeros(3, 7))),
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
@pytest.mark.parametrize("shape", [(3, 1), (7,), (1, 7), (2, 3, 7), (3, 3, 7)])
def test_the_likelihood_of_other_actions_is_refused(policy, shape):
    assert policy.log_prob(zeros(3, 7)).shape == (3,)
    for measure in (policy.log_prob, lambda actions: likelihood_loss(policy, actions)):
        with pytest.raises(ValueError, match=r"has shape"):
            measure(zeros(*shape))
    with pytest.raises(ValueError, match=r"has shape"):
        policy_metrics(policy, zeros(*shape))


def test_a_deviation_of_another_shape_than_its_mean_is_refused():
    with pytest.raises(ValueError, match="std has shape"):
        DiagonalNormal(zeros(3, 7), 1 + zeros(7)).log_prob(zeros(3, 7))
