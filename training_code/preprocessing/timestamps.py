"""Points in time as numbers: ISO 8601 (without a zone: UTC) in seconds since 1970, or numbers as they are."""

import math
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from codec.arrow import encode_column, floats_of, text_cells
from codec.codec import NUMERIC, Feature

Floats = npt.NDArray[np.float64]
_MICROSECONDS = 1e6
_NUMBER = Feature("timestamp", NUMERIC)


def seconds(column: pa.Array) -> Floats:
    """NaN where a cell is neither a number nor a point in time."""
    if pa.types.is_temporal(column.type):
        return _of_timestamps(column)
    numbers, reasons = encode_column(_NUMBER, frozenset(), column)
    if not reasons:
        return numbers
    try:
        return _of_timestamps(pc.cast(pc.utf8_trim_whitespace(text_cells(column)), pa.timestamp("us")))
    except pa.ArrowInvalid:
        return _by_distinct(column)


def _of_timestamps(column: pa.Array) -> Floats:
    microseconds = pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64())
    return floats_of(pc.cast(microseconds, pa.float64(), safe=False)) / _MICROSECONDS


def _by_distinct(column: pa.Array) -> Floats:
    encoded = text_cells(column).dictionary_encode(null_encoding="encode")
    values = np.array([_seconds(text or "") for text in encoded.dictionary.to_pylist()], dtype=np.float64)
    return values[np.from_dlpack(encoded.indices)]


def _seconds(text: str) -> float:
    try:
        number = float(text)
        return number if math.isfinite(number) else math.nan
    except ValueError:
        pass  # Not a number: a date is tried next.
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return math.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
