"""Tensors as TensorFlow serialises them, read where they lie.

Message layouts: tensorflow/core/framework/{tensor,tensor_shape}.proto.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

import numpy as np

from bridgelib.formats.protobuf import Field, Malformed, fields, varints

STRING = 7
"""The `DataType` of strings."""

# DataType -> (numpy dtype, number of the field that holds values when `tensor_content` does not)
NUMERIC: dict[int, tuple[np.dtype, int]] = {
    1: (np.dtype("<f4"), 5),
    2: (np.dtype("<f8"), 6),
    3: (np.dtype("<i4"), 7),
    4: (np.dtype("u1"), 7),
    5: (np.dtype("<i2"), 7),
    6: (np.dtype("i1"), 7),
    9: (np.dtype("<i8"), 10),
    10: (np.dtype("?"), 11),
    17: (np.dtype("<u2"), 7),
    19: (np.dtype("<f2"), 13),
}
TENSOR_CONTENT, STRING_VALUES, HALF_VALUES = 4, 8, 13
LARGEST_TYPED = 1 << 24  # elements; TensorFlow writes any tensor with so many as raw bytes


@dataclass(frozen=True)
class Tensor:
    """A `TensorProto` as it lies in the file.

    Attributes:
        position: The byte in the file where it begins.
        data_type: The number of its `DataType`.
        shape: Its dimensions.
        content: Byte range of its raw elements; None where they lie in a typed field.
        values: The typed fields (float_val, string_val …).
    """

    position: int
    data_type: int
    shape: tuple[int, ...]
    content: tuple[int, int] | None
    values: tuple[Field, ...]

    @classmethod
    def at(cls, buffer: mmap | bytes, begin: int, end: int) -> "Tensor":
        """Read the header of the tensor in bytes `begin` to `end`."""
        data_type, shape, content, values = 0, tuple[int, ...](), None, []
        for field in fields(buffer, begin, end):
            if field.number == 1:
                data_type = field.value
            elif field.number == 2:
                shape = tuple(_dimensions(buffer, field))
            elif field.number == TENSOR_CONTENT and field.end > field.begin:
                content = field.begin, field.end
            elif field.number > TENSOR_CONTENT:
                values.append(field)
        return cls(begin, data_type, shape, content, tuple(values))

    @property
    def dtype(self) -> np.dtype | None:
        """The numpy type of a numeric tensor, None of any other."""
        return NUMERIC[self.data_type][0] if self.data_type in NUMERIC else None

    def element_bytes(self) -> tuple[int, int]:
        """Byte range of the raw elements.

        Raises:
            Malformed: The elements lie in a typed field, or are not as many as the shape says.
        """
        if self.dtype is None or self.content is None:
            raise Malformed(self.position, "a tensor whose elements do not lie in the file as they are")
        expected = math.prod(self.shape) * self.dtype.itemsize
        if self.content[1] - self.content[0] != expected:
            given = self.content[1] - self.content[0]
            raise Malformed(self.position, f"a tensor of {given} bytes whose shape {self.shape} asks for {expected}")
        return self.content

    def array(self, buffer: mmap | bytes) -> np.ndarray:
        """The elements of a numeric tensor, copied."""
        if self.dtype is None:
            raise Malformed(self.position, f"a tensor of type {self.data_type}, not of numbers")
        size = math.prod(self.shape)
        if self.content is not None or size == 0:
            begin, end = self.element_bytes() if size else (0, 0)
            return np.frombuffer(buffer[begin:end], self.dtype).reshape(self.shape)
        return self._typed(buffer, size).reshape(self.shape)

    def _typed(self, buffer: mmap | bytes, size: int) -> np.ndarray:
        """Elements from a typed field; TensorFlow leaves out trailing repetitions, and zeros altogether."""
        dtype, number = NUMERIC[self.data_type]
        mine = [field for field in self.values if field.number == number]
        if size > LARGEST_TYPED:
            raise Malformed(self.position, f"a tensor of shape {self.shape} whose elements are missing")
        if dtype.kind == "f" and number != HALF_VALUES:
            raw = b"".join(buffer[field.begin : field.end] for field in mine)
            if len(raw) % dtype.itemsize:
                raise Malformed(self.position, f"a tensor with {len(raw)} bytes of {dtype.name} values")
            elements = np.frombuffer(raw, dtype)
        else:
            bits = np.array([value for field in mine for value in varints(buffer, field)], np.uint64)
            elements = bits.astype(np.uint16).view(np.float16) if number == HALF_VALUES else bits.astype(dtype)
        if len(elements) > size:
            raise Malformed(self.position, f"a tensor of {len(elements)} values whose shape is {self.shape}")
        last = elements[-1] if len(elements) else dtype.type(0)
        return np.concatenate([elements, np.full(size - len(elements), last, dtype)])

    def strings(self) -> list[tuple[int, int]]:
        """Byte range of each element of a string tensor."""
        ranges = [(field.begin, field.end) for field in self.values if field.number == STRING_VALUES]
        if self.data_type != STRING or len(ranges) != math.prod(self.shape):
            given = f"type {self.data_type}, shape {self.shape}, {len(ranges)} strings"
            raise Malformed(self.position, f"not a whole tensor of strings ({given})")
        return ranges


def _dimensions(buffer: mmap | bytes, shape: Field) -> Iterator[int]:
    for dimension in fields(buffer, shape.begin, shape.end):
        if dimension.number != 2:
            continue
        sizes = [part.value for part in fields(buffer, dimension.begin, dimension.end) if part.number == 1]
        yield sizes[-1] if sizes else 0
