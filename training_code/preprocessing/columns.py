"""Between Arrow columns and numpy arrays, by their buffers.

pyarrow's own conversions (to_numpy, pa.array) import pandas on their first use, which costs a job 0.6 s.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True)
class TextColumn:
    """n UTF-8 cells: cell i is data[offsets[i]:offsets[i + 1]]."""

    offsets: npt.NDArray[np.int32]
    data: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class DistinctColumn:
    """A column as its distinct values and, for each row, the position of its value among them."""

    values: list[str]
    index: npt.NDArray[np.int32]

    def take(self, rows: npt.NDArray[np.bool_]) -> "DistinctColumn":
        return DistinctColumn(self.values, self.index[rows])

    def counts(self) -> dict[str, int]:
        """Rows by value, values that no row has left out."""
        counted = np.bincount(self.index, minlength=len(self.values))
        return {value: int(count) for value, count in zip(self.values, counted, strict=True) if count}


def text_column(column: pa.ChunkedArray) -> TextColumn:
    array = _one_array(column)
    _, offsets, data = array.buffers()
    window = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    return TextColumn(window, np.frombuffer(data or b"", dtype=np.uint8))


def distinct_column(column: pa.ChunkedArray) -> DistinctColumn:
    encoded = _one_array(column).dictionary_encode()
    return DistinctColumn(encoded.dictionary.to_pylist(), np.from_dlpack(encoded.indices))


def floats_of(column: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    """A float32 column, null as NaN."""
    array = _one_array(column)
    validity, values = array.buffers()
    window = slice(array.offset, array.offset + len(array))
    floats = np.frombuffer(values, dtype=np.float32)[window].copy()
    if array.null_count:
        floats[~np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")[window].astype(bool)] = np.nan
    return floats


def arrow_floats(values: npt.NDArray[np.float64]) -> pa.Array:
    """NaN as null, so that a CSV file gets an empty field."""
    validity = np.packbits(~np.isnan(values), bitorder="little")
    buffers = [pa.py_buffer(validity), pa.py_buffer(np.ascontiguousarray(values, dtype=np.float64))]
    return pa.Array.from_buffers(pa.float64(), len(values), buffers)


def arrow_mask(mask: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.Array.from_buffers(pa.bool_(), len(mask), [None, pa.py_buffer(np.packbits(mask, bitorder="little"))])


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined
