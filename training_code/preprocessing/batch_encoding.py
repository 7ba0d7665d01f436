"""One batch of raw rows as columns of numbers: all that can be done without knowing the other batches."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codec.arrow import encode_column, text_cells
from codec.codec import NUMERIC, REGRESSION, Feature, Floats
from definition import DataDefinition
from preprocessing.columns import Masks, trimmed_column
from preprocessing.raw_source import RawBatch
from preprocessing.rejects import Reject
from preprocessing.row_hash import Hashes, combine, hash_cells
from preprocessing.spill import Block
from preprocessing.splitting import HASH, TEST_CODE, TIME, fixed_cuts
from preprocessing.timestamps import seconds

# The spill's columns; those of features are named by feature_column.
TARGET, WEIGHT, MOMENT, STRATUM, HASHES, BAD, HELD_OUT, RAW = (
    "target", "weight", "moment", "stratum", "hashes", "bad", "held out", "raw",
)  # fmt: skip


def feature_column(name: str) -> str:
    return f"feature {name}"


@dataclass(frozen=True)
class Distinct:
    """index[row] is the position of the row's cell among `values`, the distinct ones of the batch."""

    name: str
    index: npt.NDArray[np.int32]
    values: pa.Array

    def hashes(self, seed: int) -> Hashes:
        return hash_cells(trimmed_column(self.values), seed)[self.index]


@dataclass
class EncodedBatch:
    """columns: ready for the spill. distinct: columns whose values are yet to be numbered over all batches.

    unlisted: how many malformed rows are not among the rejects.
    """

    block: Block
    raw: pa.RecordBatch
    bad: Masks
    rejects: list[Reject]
    unlisted: int
    columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    distinct: dict[str, Distinct] = field(default_factory=dict)

    def refuse(self, name: str, reasons: dict[int, str]) -> None:
        """reasons: by row."""
        if not reasons:
            return
        refused = np.zeros(self.block.rows, dtype=bool)
        refused[list(reasons)] = True
        self.bad |= refused
        rows, numbers = np.flatnonzero(refused), self.block.numbers()[refused]
        cells = text_cells(self.raw[name].filter(pa.array(refused))).to_pylist()
        for row, number, cell in zip(rows.tolist(), numbers.tolist(), cells, strict=True):
            self.rejects.append(Reject(number, name, cell or "", reasons[row]))


def encode_batch(batch: RawBatch, definition: DataDefinition) -> EncodedBatch:
    rows = batch.cells.num_rows
    block = replace(Block.without(rows, batch.first, batch.malformed), captured=batch.captured)
    unlisted = len(batch.malformed) - len(batch.listed)
    encoded = EncodedBatch(block, batch.cells, np.zeros(rows, dtype=bool), list(batch.listed), unlisted)
    for name, kind in definition.features.items():
        if kind == NUMERIC:
            encoded.columns[feature_column(name)] = _numbers(encoded, name, frozenset(definition.missing_values))
        else:
            encoded.distinct[feature_column(name)] = _distinct(encoded, name)
    _encode_target(encoded, definition)
    _encode_position(encoded, definition)
    _hold_out(encoded, definition)
    if encoded.bad.any():
        encoded.columns[BAD] = encoded.bad
    return encoded


def _numbers(encoded: EncodedBatch, name: str, missing_values: frozenset[str]) -> Floats:
    values, reasons = encode_column(Feature(name, NUMERIC), missing_values, encoded.raw[name])
    encoded.refuse(name, reasons)
    return values


def _distinct(encoded: EncodedBatch, name: str) -> Distinct:
    coded = text_cells(encoded.raw[name]).dictionary_encode(null_encoding="encode")
    return Distinct(name, np.from_dlpack(coded.indices), coded.dictionary)


def _encode_target(encoded: EncodedBatch, definition: DataDefinition) -> None:
    """Labels are judged when those of all rows are known."""
    if definition.task == REGRESSION:
        encoded.columns[TARGET] = _present_numbers(encoded, definition.target, "the target")
    else:
        encoded.distinct[TARGET] = _distinct(encoded, definition.target)
    if definition.weight:
        weights = _present_numbers(encoded, definition.weight, "the weight")
        encoded.refuse(definition.weight, dict.fromkeys(np.flatnonzero(weights < 0).tolist(), "the weight is negative"))
        encoded.columns[WEIGHT] = weights


def _present_numbers(encoded: EncodedBatch, name: str, what: str) -> Floats:
    values, reasons = encode_column(Feature(name, NUMERIC), frozenset(), encoded.raw[name])
    missing = dict.fromkeys(np.flatnonzero(np.isnan(values)).tolist(), f"{what} is missing")
    encoded.refuse(name, missing | reasons)
    return values


def _encode_position(encoded: EncodedBatch, definition: DataDefinition) -> None:
    """What the row's split depends on."""
    encoded.columns[HASHES] = row_hashes(encoded.raw, definition, encoded.distinct)
    if definition.key:
        keys = trimmed_column(text_cells(encoded.raw[definition.key]))
        missing = np.flatnonzero(np.diff(keys.offsets) == 0)
        encoded.refuse(definition.key, dict.fromkeys(missing.tolist(), "the key is missing"))
    column = definition.split.column
    if column and definition.split.method == TIME:
        moments = seconds(encoded.raw[column])
        reason = "the cell is neither a number nor a date in ISO 8601, such as 2026-03-31T18:00:00"
        encoded.refuse(column, dict.fromkeys(np.flatnonzero(np.isnan(moments)).tolist(), reason))
        encoded.columns[MOMENT] = moments
    elif column:
        encoded.distinct[STRATUM] = _distinct(encoded, column)


def row_hashes(raw: pa.RecordBatch, definition: DataDefinition, known: dict[str, Distinct] | None = None) -> Hashes:
    """Of the key; without one of all of the row's cells, in name order: a file may order its columns as it likes.

    Spaces around a cell do not count, as everywhere else: a key is in one split however it is written.
    known: distinct values that need to be hashed only once.
    """
    seed = definition.split.seed
    names = [definition.key] if definition.key else sorted(raw.schema.names)
    columns = []
    for name in names:
        distinct = (known or {}).get(feature_column(name))
        columns.append(distinct.hashes(seed) if distinct else hash_cells(trimmed_column(text_cells(raw[name])), seed))
    return combine(columns)


def _hold_out(encoded: EncodedBatch, definition: DataDefinition) -> None:
    """Keeps the raw cells of the rows that may turn out to be test rows."""
    if definition.split.method == HASH:
        held_out = fixed_cuts(definition.split).codes(encoded.columns[HASHES]) == TEST_CODE
        rows = encoded.raw.filter(pa.array(held_out))
    else:
        held_out, rows = np.ones(encoded.block.rows, dtype=bool), encoded.raw
    text = pa.RecordBatch.from_arrays([text_cells(column) for column in rows.columns], names=rows.schema.names)
    encoded.columns[HELD_OUT] = held_out
    encoded.columns[RAW] = np.frombuffer(text.serialize(), dtype=np.uint8)
