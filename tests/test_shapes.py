import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bridgelib.shapes import require_shapes


def array(*shape: int) -> np.ndarray:
    return np.zeros(shape)


@pytest.mark.parametrize(
    "arrays",
    [
        {"a": (array(3), "B")},
        {"a": (array(3, 7), "B A"), "b": (array(3), "B"), "c": (array(7), "A")},
        {"a": (array(3, 2), "B 2")},
        {"a": (array(7), "... A"), "b": (array(7), "... A")},
        {"a": (array(4, 3, 7), "... A"), "b": (array(4, 3, 7), "... A"), "c": (array(4, 3), "...")},
        {"a": (array(0, 7), "B A"), "b": (array(0), "B")},
    ],
)
def test_what_fits_passes(arrays):
    require_shapes(**arrays)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"a": (array(3, 1), "B")}, r"a has shape \[3, 1\], not \[B\]"),
        ({"a": (array(), "B")}, r"a has shape \[\], not \[B\]"),
        ({"a": (array(), "... A")}, r"a has shape \[\], not \[..., A\]"),
        ({"a": (array(3, 1), "B 2")}, r"a has shape \[3, 1\], not \[B, 2\]"),
        ({"a": (array(3, 4), "B B")}, r"a has shape \[3, 4\], not \[B, B\] with B = 3"),
        ({"a": (array(3, 1), "... A"), "b": (array(3, 7), "... A")}, r"b has shape \[3, 7\], not \[..., A\] with"),
        ({"a": (array(3, 7), "... A"), "b": (array(7), "... A")}, r"b has shape \[7\]"),
        ({"a": (array(1, 7), "... A"), "b": (array(3, 7), "... A")}, r"b has shape \[3, 7\]"),
        ({"a": (array(3), "B"), "b": (array(1), "B")}, r"b has shape \[1\], not \[B\] with B = 3"),
    ],
)
def test_what_does_not_is_named_with_what_it_should_be(arrays, told):
    with pytest.raises(ValueError, match=told):
        require_shapes(**arrays)


def test_compiled_it_leaves_no_trace():
    def checked(x, y):
        require_shapes(x=(x, "B"), y=(y, "B"))
        return x + y

    two = jnp.zeros(2)
    plain = jax.make_jaxpr(lambda x, y: x + y)(two, two)
    assert str(jax.make_jaxpr(checked)(two, two)) == str(plain)
    with pytest.raises(ValueError, match="y has shape"):
        jax.jit(checked)(two, jnp.zeros(1))
