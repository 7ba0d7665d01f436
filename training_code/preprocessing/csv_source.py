"""CSV files, plain or compressed, as batches of text."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from csv_stream import csv_stream
from job import BadData

DELIMITERS = (",", ";", "\t", "|")
LONGEST_HEADER = 1 << 20

# The row's number in its file (1 is the first after the header), its text, and what is wrong with it.
OnMalformed = Callable[[int, str, str], None]


def csv_batches(
    file: Path, required: Sequence[str], on_malformed: OnMalformed, block_bytes: int
) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    """The header, without spaces around its names, and the rows as columns of strings. Empty cells are null.

    A malformed row is reported before the batch that ends after it.
    """
    names, delimiter = _header(file, required)

    def reject(row: pyarrow.csv.InvalidRow) -> str:
        # row.number counts the header as 1. It is known because one thread reads (which costs no time: parsing is
        # serial anyway, and the threads are busy with the batches).
        on_malformed(row.number - 1, row.text, f"the row has {row.actual_columns} cells, the header {len(names)}")
        return "skip"

    text = dict.fromkeys(names, pa.string())
    try:
        reader = pyarrow.csv.open_csv(
            csv_stream(file),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=block_bytes),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=reject
            ),
            convert_options=pyarrow.csv.ConvertOptions(column_types=text, strings_can_be_null=True, null_values=[""]),
        )
    except pa.ArrowInvalid as error:
        raise BadData(_why_unreadable(file, str(error))) from error
    stripped = [name.strip() for name in reader.schema.names]
    return stripped, (batch.rename_columns(stripped) for batch in _batches(reader, file))


def _batches(reader: pyarrow.csv.CSVStreamingReader, file: Path) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except (pa.ArrowInvalid, OSError) as error:
        raise BadData(_why_unreadable(file, str(error))) from error


def _header(file: Path, required: Sequence[str]) -> tuple[list[str], str]:
    """Its cells, and the delimiter that separates them: the one that finds most of the required columns."""
    try:
        with pa.input_stream(str(file), compression="detect") as stream:
            start = stream.read(LONGEST_HEADER)
    except OSError as error:
        raise BadData(_why_unreadable(file, str(error))) from error
    # A character may be cut at the end of what was read; Arrow checks the whole file.
    text = start.decode("utf-8-sig", errors="replace").lstrip("\r\n")
    found = {delimiter: _cells(text, delimiter) for delimiter in DELIMITERS}
    wanted = set(required)
    best = max(DELIMITERS, key=lambda one: (len(wanted & {name.strip() for name in found[one]}), len(found[one])))
    return found[best], best


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _why_unreadable(file: Path, error: str) -> str:
    if "Empty CSV" in error:
        return f"{file.name} is empty: upload a CSV file with a header and data."
    if "straddl" in error:
        return f"{file.name} holds a row of more than a block of text: is a quoted cell never closed?"
    if "UTF8" in error or "UTF-8" in error:
        return f"{file.name} is not UTF-8 text ({error}): save it as UTF-8 and upload it again."
    return f"{file.name} cannot be read as CSV: {error}."
