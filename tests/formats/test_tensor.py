"""Tensors are read as TensorFlow reads them."""

import numpy as np
import pytest
import tensorflow as tf

from bridgelib.formats.tensor import Tensor


@pytest.mark.parametrize(
    ("expected", "typed"),
    [
        (np.float32([[1.5, 1.5, 1.5]]), {"float_val": [1.5]}),  # TensorFlow leaves out trailing repetitions
        (np.float32([1.0, 2.0, 2.0]), {"float_val": [1.0, 2.0]}),
        (np.zeros((2, 2), np.float32), {}),
        (np.float64([1.0, -2.0]), {"double_val": [1.0, -2.0]}),
        (np.array([True, False, False]), {"bool_val": [True, False]}),
        (np.array([3, 250], np.uint8), {"int_val": [3, 250]}),
        (np.array([-1, 7], np.int32), {"int_val": [-1, 7]}),
        (np.array([-5], np.int64), {"int64_val": [-5]}),
        (np.float16([1.5, -2.0]), {"half_val": np.float16([1.5, -2.0]).view(np.uint16).tolist()}),
    ],
)
def test_tensors_with_typed_values(expected, typed):
    proto = tf.make_tensor_proto(np.zeros_like(expected))
    for key in ("tensor_content", "float_val", "double_val", "int_val", "int64_val", "bool_val", "half_val"):
        proto.ClearField(key)
    for key, values in typed.items():
        getattr(proto, key).extend(values)
    data = proto.SerializeToString()
    np.testing.assert_array_equal(tf.make_ndarray(proto), expected)  # TensorFlow reads it so
    found = Tensor.at(data, 0, len(data)).array(data)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
