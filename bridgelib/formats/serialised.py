"""Tensors as TensorFlow serialises them (`tf.make_tensor_proto`), byte for byte; `tensor.py` reads them.

Message layouts: tensorflow/core/framework/{tensor,tensor_shape}.proto.
"""

from collections.abc import Sequence

import numpy as np

from bridgelib.formats.message import Piece, Pieces, field, number_field, varint
from bridgelib.formats.tensor import NUMERIC, STRING, STRING_VALUES, TENSOR_CONTENT

_DATA_TYPES = {dtype: data_type for data_type, (dtype, _) in NUMERIC.items()}


def numbers(array: np.ndarray) -> Pieces:
    """A tensor of numbers: of several its elements as they lie in memory, of one, and of truth values, a typed field.

    Args:
        array: float32, bool or uint8, of any shape with elements; not copied where it is contiguous.
    """
    assert array.size, array.shape
    data_type = _DATA_TYPES[array.dtype]
    elements = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if array.dtype != np.bool_ and array.size > 1:
        return _tensor(data_type, array.shape, field(TENSOR_CONTENT, [elements]))
    packed: Piece = elements if array.dtype.kind == "f" else b"".join(map(varint, elements.tolist()))
    return _tensor(data_type, array.shape, field(NUMERIC[data_type][1], [packed]))


def text(value: str) -> Pieces:
    """A tensor of one string and no dimension."""
    return _tensor(STRING, (), field(STRING_VALUES, [value.encode()]))


def strings(values: Sequence[bytes]) -> Pieces:
    """A tensor [N] of strings."""
    assert values
    return _tensor(STRING, (len(values),), [piece for value in values for piece in field(STRING_VALUES, [value])])


def _tensor(data_type: int, shape: tuple[int, ...], values: Pieces) -> list[Piece]:
    dimensions = [piece for length in shape for piece in field(2, [number_field(1, length)])]
    return [number_field(1, data_type), *field(2, dimensions), *values]
