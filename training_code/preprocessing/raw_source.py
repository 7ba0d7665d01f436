"""The uploaded rows, batch by batch, and what is wrong with a file as a whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from definition import DataDefinition
from job import BadData
from preprocessing.csv_source import csv_batches
from preprocessing.malformed import MalformedRows, Numbers
from preprocessing.parquet_source import parquet_batches
from preprocessing.raw_files import is_captured, is_parquet
from preprocessing.rejects import Reject

SHOWN_COLUMNS = 12
# The reader keeps up to 32 blocks ahead: this decides how much memory a job needs.
BLOCK_BYTES = 2 << 20


@dataclass(frozen=True)
class RawBatch:
    """Rows in the columns of the first file. CSV cells are text; null is an empty cell.

    first: the number of the first row, counted over all files, malformed rows included. malformed: the numbers of rows
    with too few or too many cells that stood among or before these, and are not in `cells`. listed: the first of them.
    captured: see raw_files.is_captured.
    """

    cells: pa.RecordBatch
    first: int
    malformed: Numbers
    listed: tuple[Reject, ...]
    captured: bool = False

    @property
    def end(self) -> int:
        """The number of the row after the last one."""
        return self.first + self.cells.num_rows + len(self.malformed)


def raw_batches(
    files: Sequence[Path], definition: DataDefinition, block_bytes: int = BLOCK_BYTES
) -> Iterator[RawBatch]:
    """The rows of all files, file after file. All hold the required columns; dropped ones may be in some of them."""
    names: list[str] = []
    first = 1
    for file in files:
        for batch in _file_batches(file, definition, first, block_bytes):
            names = names or batch.cells.schema.names
            yield replace(batch, cells=_in_columns(batch.cells, names), captured=is_captured(file))
            first = batch.end


def _in_columns(cells: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """The first file's columns: dropped ones of others are left out, and have no value where only others lack them."""
    absent = [name for name in names if name not in cells.schema.names]
    for name in absent:
        cells = cells.append_column(name, pa.nulls(cells.num_rows, pa.string()))
    return cells.select(list(names))


def _file_batches(file: Path, definition: DataDefinition, first: int, block_bytes: int) -> Iterator[RawBatch]:
    """At least one batch, so that a file without rows tells its columns too."""
    malformed = MalformedRows(first)
    if is_parquet(file):
        names, batches = parquet_batches(file, block_bytes)
    else:
        names, batches = csv_batches(file, definition.required_columns, malformed.add, block_bytes)
    _check_columns(file, names, definition)
    for cells in batches:
        batch = RawBatch(cells, first, *malformed.take_before(first + cells.num_rows))
        first = batch.end
        yield batch
    empty = pa.RecordBatch.from_arrays([pa.nulls(0, pa.string()) for _ in names], names=list(names))
    yield RawBatch(empty, first, *malformed.take_all())


def _check_columns(file: Path, names: Sequence[str], definition: DataDefinition) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"{file.name} has two columns named {', '.join(twice)}: rename one of them.")
    missing = [name for name in definition.required_columns if name not in names]
    if missing:
        shown = ", ".join(names[:SHOWN_COLUMNS]) + (", …" if len(names) > SHOWN_COLUMNS else "")
        hint = " Is it separated by commas, semicolons, tabs or bars?" if len(names) == 1 else ""
        raise BadData(f"{file.name} lacks the column {', '.join(missing)}; its header is: {shown}.{hint}")
    unknown = sorted(set(names) - set(definition.columns))
    if unknown:
        raise BadData(
            f"{file.name} has a column that the definition does not know: {', '.join(unknown)}. "
            "Add it to data.features or to data.drop in model.yaml."
        )
