"""The raw rows of the test split, read in batches: the memory they take does not grow with the files."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.csv

from csv_stream import csv_stream
from job import BadData
from lean_arrow import pyarrow as pa

# Of one batch; a row must fit.
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Batch:
    """cells: every raw column, as text; an empty cell is an empty text. first_row: of the file, from 1."""

    file: Path
    first_row: int
    cells: pa.RecordBatch

    def where(self, row: int, column: str) -> str:
        """row: of the batch, from 0."""
        return f"{self.file.name}, row {self.first_row + row}, column {column!r}"


def read_holdout(folder: Path, needed: Mapping[str, str]) -> Iterator[Batch]:
    """All files in name order, the order of the test split. needed: columns that each must have, and what they are."""
    files = sorted(folder.rglob("*.csv"))
    if not files:
        raise BadData(f"There is no holdout in {folder}: preprocess.py writes it.")
    held = 0
    for file in files:
        header = _read_header(file)
        # A shard without test rows may be empty.
        if not header:
            continue
        _check_header(file, header, needed)
        for batch in _read_batches(file, header):
            held += batch.cells.num_rows
            yield batch
    if not held:
        raise BadData(f"The holdout in {folder} has no rows: upload more rows, or raise data.split.test in model.yaml.")


def _read_header(file: Path) -> list[str]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            return next(csv.reader(stream), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadData(f"The holdout {file} cannot be read: {error}. Give the one that preprocess.py wrote.") from error


def _check_header(file: Path, header: list[str], needed: Mapping[str, str]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise BadData(f"The holdout {file} names the column {', '.join(twice)} twice: give each column its own name.")
    for name, what in needed.items():
        if name not in header:
            raise BadData(
                f"The holdout {file} lacks the column {name!r} ({what}); it holds {', '.join(header)}. "
                "Give the one that preprocess.py wrote, or correct model.yaml."
            )


def _read_batches(file: Path, header: list[str]) -> Iterator[Batch]:
    first_row = 1
    try:
        for cells in pyarrow.csv.open_csv(
            csv_stream(file),
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        ):
            yield Batch(file, first_row, cells)
            first_row += cells.num_rows
    except pa.ArrowInvalid as error:
        # A header without a line end is all that the file holds.
        if first_row == 1 and "Empty CSV file" in str(error):
            return
        reason = str(error).splitlines()[0]
        raise BadData(
            f"The holdout {file} cannot be read after row {first_row - 1}: {reason}. "
            "Give the one that preprocess.py wrote."
        ) from error
