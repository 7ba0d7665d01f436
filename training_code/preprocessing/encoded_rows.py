"""A block's rows as the model sees them: Arrow columns in the order of the files, the splits one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codec.codec import CATEGORICAL, REGRESSION, Codec, Feature, cell_encoder
from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import WEIGHT, feature_column
from preprocessing.columns import Masks, arrow_digits, arrow_numbers
from preprocessing.ingest import Ingested
from preprocessing.layout import CSV
from preprocessing.spill import Block
from preprocessing.splitting import SPLITS
from preprocessing.target import TargetValues

# Doubles hold every whole number up to here; as integers they are written to CSV faster.
_LARGEST_WHOLE = 2.0**53
_MISSING = -1
_MOST_DIGITS = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SplitRows:
    """columns: target, weight if there is one, features. ends[code]: where each split's rows end."""

    columns: pa.RecordBatch
    ends: tuple[int, ...]

    def of(self, code: int) -> pa.RecordBatch:
        start = self.ends[code - 1] if code else 0
        return self.columns.slice(start, self.ends[code] - start)


@dataclass(frozen=True)
class _Codes:
    """Final codes by number of a column's distinct cell; _MISSING for missing ones."""

    codes: npt.NDArray[np.int32]

    @cached_property
    def missing(self) -> Masks:
        return self.codes == _MISSING

    @cached_property
    def any_missing(self) -> bool:
        return bool(self.missing.any())

    @cached_property
    def are_digits(self) -> bool:
        return bool(self.codes.max(initial=0) < _MOST_DIGITS)

    @cached_property
    def digits(self) -> npt.NDArray[np.uint8]:
        return np.where(self.missing, 0, self.codes).astype(np.uint8)


class RowEncoder:
    """From the spill's blocks, once the codec is known."""

    def __init__(self, data: Ingested, codec: Codec, values: TargetValues, file_format: str) -> None:
        self._data, self._codec, self._values = data, codec, values
        self._is_csv = file_format == CSV
        self._codes = {f.name: _Codes(self._final_codes(f)) for f in codec.features if f.type == CATEGORICAL}
        self._classes = _Codes(np.arange(len(codec.target.classes), dtype=np.int32))

    @property
    def blocks(self) -> Sequence[Block]:
        return self._data.spill.blocks

    def _final_codes(self, feature: Feature) -> npt.NDArray[np.int32]:
        """By number among the column's distinct cells; _MISSING stays missing."""
        column = feature_column(feature.name)
        cells = self._data.distinct[column].values if column in self._data.distinct else []
        encode = cell_encoder(feature, self._codec.missing_values)
        codes = np.array([encode(cell) for cell in cells], dtype=np.float64)
        return np.where(np.isnan(codes), _MISSING, codes).astype(np.int32)

    def encode(self, block: Block) -> SplitRows:
        splits = self._data.spill.read(block, SPLIT)
        ends = tuple(np.cumsum(np.bincount(splits, minlength=len(SPLITS))[: len(SPLITS)]).tolist())
        # Stable: within its split a row keeps its place. Rejected rows come last.
        order = np.argsort(splits, kind="stable")[: ends[-1]]
        names, arrays = [self._codec.target.name], [self._target(self._values.read(block)[order])]
        if self._codec.weight:
            names.append(self._codec.weight)
            arrays.append(self._numbers(self._data.spill.read(block, WEIGHT)[order]))
        for feature in self._codec.features:
            names.append(feature.name)
            arrays.append(self._feature(feature, self._data.spill.read(block, feature_column(feature.name))[order]))
        return SplitRows(pa.RecordBatch.from_arrays(arrays, names=names), ends)

    def _target(self, values: npt.NDArray[Any]) -> pa.Array:
        if self._codec.target.task == REGRESSION or not self._is_csv:
            return self._numbers(values.astype(np.float64))
        return self._levels(self._classes, values)

    def _feature(self, feature: Feature, values: npt.NDArray[Any]) -> pa.Array:
        if feature.type == CATEGORICAL:
            return self._levels(self._codes[feature.name], values)
        return self._numbers(values if feature.fill is None else np.where(np.isnan(values), feature.fill, values))

    def _levels(self, codes: "_Codes", values: npt.NDArray[Any]) -> pa.Array:
        missing = codes.missing[values] if codes.any_missing else None
        if self._is_csv and codes.are_digits:
            return arrow_digits(codes.digits[values], missing)
        return arrow_numbers(codes.codes[values], pa.int32(), missing)

    def _numbers(self, values: Floats) -> pa.Array:
        missing = np.isnan(values)
        if not self._is_csv:
            return arrow_numbers(values.astype(np.float32), pa.float32(), missing)
        if _all_whole(values, missing):
            return arrow_numbers(np.where(missing, 0, values).astype(np.int64), pa.int64(), missing)
        return arrow_numbers(values, pa.float64(), missing)


def _all_whole(values: Floats, missing: Masks) -> bool:
    return bool(np.all((values == np.floor(values)) & (np.abs(values) <= _LARGEST_WHOLE) | missing))
