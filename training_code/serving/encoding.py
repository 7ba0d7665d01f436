"""From a request's cells to the matrix that the model scores: the codec's numbers, at the price of a dictionary."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.cells import LARGEST_NUMBER, CellError, any_is_a_number
from codec.codec import NUMERIC, Codec, Feature, cell_encoder, encode_rows

Matrix = npt.NDArray[np.float32]


class Cells(dict[Any, float]):
    """A feature's known cells and their codes. Any other cell goes through the codec (CellError); nothing is added."""

    def __init__(self, feature: Feature, missing_values: frozenset[str]) -> None:
        encode = cell_encoder(feature, missing_values)
        super().__init__((text, encode(text)) for text in (*feature.levels, *missing_values, ""))
        self._other = encode
        if feature.type == NUMERIC and not any_is_a_number(missing_values):
            self._other = _quick_number(encode)

    def __missing__(self, cell: Any) -> float:
        return self._other(cell)


def _quick_number(encode: Callable[[Any], float]) -> Callable[[Any], float]:
    """Most texts, float() reads as the codec does."""

    def number(cell: Any) -> float:
        if type(cell) is str:
            try:
                value = float(cell)
            except ValueError:
                return encode(cell)
            if -LARGEST_NUMBER <= value <= LARGEST_NUMBER and "_" not in cell:
                return value
        return encode(cell)

    return number


def feature_cells(codec: Codec) -> tuple[Cells, ...]:
    return tuple(Cells(feature, codec.missing_values) for feature in codec.features)


def encode_quickly(codec: Codec, cells: Sequence[Cells], rows: Sequence[Sequence[Any]]) -> Matrix:
    """What encode_rows gives for rows in feature order, and its CellError."""
    try:
        encoded = [[known[cell] for known, cell in zip(cells, row, strict=True)] for row in rows]
    except (CellError, TypeError):
        # TypeError: a list or an object has no hash. The slow way says which row and column it is.
        return encode_rows(codec, rows)
    return np.array(encoded, dtype=np.float32).reshape(len(encoded), len(cells))
