"""Universal Binary JSON as XGBoost reads its models: numbers arrive bit for bit, which JSON's digits do not promise."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

_ARRAY_MARKERS = {
    np.dtype(np.float32): b"d",
    np.dtype(np.int32): b"l",
    np.dtype(np.int64): b"L",
    np.dtype(np.uint8): b"U",
}


def encode(value: Any) -> Iterator[bytes]:
    """The bytes of objects, lists, one-dimensional arrays, texts and whole numbers, piece by piece."""
    if isinstance(value, Mapping):
        yield b"{"
        for name, member in value.items():
            yield _length(name.encode()) + name.encode()
            yield from encode(member)
        yield b"}"
    elif isinstance(value, np.ndarray):
        yield b"[$" + _ARRAY_MARKERS[value.dtype] + b"#L" + struct.pack("!q", len(value))
        yield value.astype(value.dtype.newbyteorder(">")).tobytes()
    elif isinstance(value, str):
        yield b"S" + _length(value.encode()) + value.encode()
    elif isinstance(value, Sequence):
        yield b"[#L" + struct.pack("!q", len(value))
        for member in value:
            yield from encode(member)
    elif isinstance(value, int):
        yield b"L" + struct.pack("!q", value)
    else:
        raise TypeError(f"A {type(value).__name__} has no place in a model file.")


def _length(data: bytes) -> bytes:
    return b"L" + struct.pack("!q", len(data))
