"""Reads the uploaded files as text, cell for cell, and says what is wrong with a file as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from definition import DataDefinition
from job import BadData
from preprocessing.raw_files import data_files

SHOWN_COLUMNS = 12
SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Reject:
    """A row that cannot be used. row_number 1 is the first row after the header, counted over all files."""

    row_number: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class RawTable:
    """All cells as text. numbers[i] is the row number of row i: rows with too few or too many cells are left out."""

    cells: pa.Table
    numbers: npt.NDArray[np.int64]
    malformed: tuple[Reject, ...]

    @property
    def row_count(self) -> int:
        return len(self.numbers) + len(self.malformed)


def read_raw_table(folder: Path, definition: DataDefinition) -> RawTable:
    """The rows of every file under the folder (or of the one file), in the order of the files' names."""
    files = data_files(folder)
    tables, numbers, malformed, offset = [], [], [], 0
    for file in files:
        table, rejects = _read_file(file, definition)
        _check_columns(file, table.column_names, definition)
        if tables and set(table.column_names) != set(tables[0].column_names):
            raise BadData(f"{file.name} and {files[0].name} have different columns: give all files the same header.")
        tables.append(table if not tables else table.select(tables[0].column_names))
        numbers.append(offset + _row_numbers(table.num_rows, [reject.row_number for reject in rejects]))
        malformed += [Reject(offset + r.row_number, r.column, r.value, r.reason) for r in rejects]
        offset += table.num_rows + len(rejects)
    if offset == 0:
        raise BadData(f"{_names(files)} holds a header and no rows: upload a file with data.")
    return RawTable(pa.concat_tables(tables), np.concatenate(numbers), tuple(malformed))


def _names(files: Sequence[Path]) -> str:
    return ", ".join(file.name for file in files[:3]) + (", …" if len(files) > 3 else "")


def _read_file(file: Path, definition: DataDefinition) -> tuple[pa.Table, list[Reject]]:
    malformed: list[Reject] = []

    def reject(row: pyarrow.csv.InvalidRow) -> str:
        # row.number counts the header as 1; it is known because the file is read by one thread.
        reason = f"the row has {row.actual_columns} cells, the header {row.expected_columns}"
        malformed.append(Reject(row.number - 1, "", row.text[:SHOWN_CHARACTERS], reason))
        return "skip"

    text = dict.fromkeys(definition.columns, pa.string())
    try:
        table = pyarrow.csv.read_csv(
            str(file),
            read_options=pyarrow.csv.ReadOptions(use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=reject),
            convert_options=pyarrow.csv.ConvertOptions(column_types=text, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise BadData(_why_unreadable(file, str(error))) from error
    return table, malformed


def _why_unreadable(file: Path, error: str) -> str:
    if "Empty CSV" in error:
        return f"{file.name} is empty: upload a CSV file with a header and data."
    if "UTF8" in error or "UTF-8" in error:
        return f"{file.name} is not UTF-8 text ({error}): save it as UTF-8 and upload it again."
    return f"{file.name} cannot be read as CSV: {error}."


def _check_columns(file: Path, names: Sequence[str], definition: DataDefinition) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"{file.name} has two columns named {', '.join(twice)}: rename one of them.")
    missing = [name for name in definition.required_columns if name not in names]
    if missing:
        shown = ", ".join(names[:SHOWN_COLUMNS]) + (", …" if len(names) > SHOWN_COLUMNS else "")
        hint = " Is it separated by commas?" if len(names) == 1 else ""
        raise BadData(f"{file.name} lacks the column {', '.join(missing)}; its header is: {shown}.{hint}")
    unknown = sorted(set(names) - set(definition.columns))
    if unknown:
        raise BadData(
            f"{file.name} has a column that the definition does not know: {', '.join(unknown)}. "
            "Add it to data.features or to data.drop in model.yaml."
        )


def _row_numbers(kept: int, left_out: Sequence[int]) -> npt.NDArray[np.int64]:
    """1, 2, 3, … without the numbers of the rows that were left out."""
    every = np.arange(1, kept + len(left_out) + 1)
    return np.delete(every, np.asarray(left_out, dtype=np.int64) - 1)
