"""The header of a file that is to be scored, against the definition of the version that scores it."""

import csv
import difflib
from collections import Counter
from collections.abc import Sequence

from sluice.definition import Data
from sluice.uploads.errors import UnusableUploadError
from sluice.uploads.header import DELIMITERS, names


def scoring_columns(header: str, data: Data) -> tuple[str, ...]:
    """The columns' names. Each feature must be there; target, key, weight and dropped columns may be.

    Raises UnusableUploadError.
    """
    _check_delimiter(header, data)
    columns = _split(header)
    missing = sorted(set(data.features) - set(columns))
    if missing:
        raise UnusableUploadError(_missing(missing, columns))
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise UnusableUploadError(f"column {names(twice)} stands twice in the header: give each column its own name")
    unknown = [name for name in columns if name not in data.columns]
    if unknown:
        raise UnusableUploadError(f"the version that serves does not know column {names(unknown)}: take it out")
    return tuple(columns)


def _check_delimiter(header: str, data: Data) -> None:
    for delimiter in DELIMITERS[1:]:
        if delimiter in header and set(data.features) <= {name.strip(' "') for name in header.split(delimiter)}:
            raise UnusableUploadError(f"the file's columns are separated by {delimiter!r}: write it with commas")


def _split(header: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([header], strict=True), [])]
    except csv.Error as error:
        raise UnusableUploadError(f"the header is not a line of CSV: {error}; it must be one line") from None


def _missing(missing: Sequence[str], columns: Sequence[str]) -> str:
    close = difflib.get_close_matches(missing[0], columns, n=1)
    hint = f"; is {close[0]!r} meant? Names must be equal, small and capital letters too" if close else ""
    return f"column {names(missing)} is missing from the header, and the version that serves needs it{hint}"
