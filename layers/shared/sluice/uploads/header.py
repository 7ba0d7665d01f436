"""The header: which delimiter it is written with, and whether its columns are the definition's."""

import csv
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sluice.definition import Data
from sluice.uploads.errors import UnusableUploadError

DELIMITERS = (",", ";", "\t", "|")
_MOST_HEADER_LINES = 100
"""A column's name may hold a line break; a quote that is never closed must not take the whole file for a header."""
_SHOWN = 5


def read_header(lines: Iterator[str], data: Data, sliced: frozenset[str]) -> tuple[list[str], str]:
    """The columns' names and the delimiter: the one by which the header holds the required columns.

    Takes the header's lines from `lines`. sliced: columns that Evaluate groups by.
    Raises UnusableUploadError when the columns are not the definition's.
    """
    text = _first_record(lines)
    headers = {delimiter: _split(text, delimiter) for delimiter in DELIMITERS}
    if not any(headers[","]):
        raise UnusableUploadError("the file is empty: upload a file with a header line and rows")
    wanted = data.required_columns | sliced
    delimiter = max(DELIMITERS, key=lambda one: (len(wanted & set(headers[one])), len(headers[one])))
    _check_columns(headers[delimiter], data, wanted)
    return headers[delimiter], delimiter


def names(some: Sequence[str]) -> str:
    """The first of them, quoted, and how many more there are."""
    shown = ", ".join(repr(name) for name in some[:_SHOWN])
    return shown if len(some) <= _SHOWN else f"{shown} and {len(some) - _SHOWN} more"


def _first_record(lines: Iterator[str]) -> list[str]:
    record: list[str] = []
    quotes = 0
    for line in lines:
        record.append(line)
        quotes += line.count('"')
        if quotes % 2 == 0 or len(record) == _MOST_HEADER_LINES:
            break
    return record


def _split(record: Iterable[str], delimiter: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader(record, delimiter=delimiter), [])]
    except csv.Error as error:
        raise UnusableUploadError(f"the header is not CSV: {error}") from None


def _check_columns(header: Sequence[str], data: Data, wanted: frozenset[str]) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise UnusableUploadError(f"column {names(twice)} stands twice in the header: give each column its own name")
    missing = sorted(wanted - set(header))
    if missing:
        raise UnusableUploadError(_missing(missing, header, data))
    new = [name for name in header if name not in data.columns]
    if new:
        raise UnusableUploadError(
            f"column {names(new)} is not in model.yaml: add it to data.features or to data.drop, "
            "then upload the file again"
        )


def _missing(missing: Sequence[str], header: Sequence[str], data: Data) -> str:
    role = " (the target)" if data.target in missing else ""
    shown = data.target if data.target in missing else missing[0]
    close = difflib.get_close_matches(shown, header, n=1)
    hint = f"; is {close[0]!r} meant? Names must be equal, small and capital letters too" if close else ""
    alone = "; the columns must be separated by a comma, semicolon, tab or |" if len(header) == 1 else ""
    return f"column {names(missing)}{role} is missing from the header{hint}{alone}"
