"""Encoding, delimiter and header of a delimited file, found out by reading it."""

import codecs
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cli.errors import BadInputError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
# Tried in this order: UTF-8 fails on nearly every file that is not UTF-8, while cp1252 fails on almost nothing.
ENCODINGS = ("utf-8-sig", "cp1252")
_CHUNK = 1 << 20
_HEAD_LINES = 50


@dataclass(frozen=True)
class Dialect:
    encoding: str
    delimiter: str

    @property
    def is_canonical(self) -> bool:
        """Comma-separated UTF-8: all that a run reads."""
        return self.delimiter == "," and self.encoding == "utf-8-sig"

    def __str__(self) -> str:
        encoding = "UTF-8" if self.encoding == "utf-8-sig" else self.encoding
        return f"{DELIMITERS[self.delimiter]}-separated {encoding}"


def sniff(path: Path) -> Dialect:
    """Raises BadInputError: missing, empty, not text, one column only, or a header that cannot be used."""
    if not path.is_file():
        raise BadInputError(f"{path}: no such file. Give the path of a CSV file")
    if path.stat().st_size == 0:
        raise BadInputError(f"{path}: the file is empty. It needs a header line and rows")
    encoding = sniff_encoding(path)
    delimiter = sniff_delimiter(path, encoding)
    _check_header(path, encoding, delimiter)
    return Dialect(encoding, delimiter)


def sniff_encoding(path: Path) -> str:
    """Decodes the whole file, since one wrong byte at its end would turn the upload away just as well."""
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ENCODINGS:
        if _decodes(path, encoding):
            return encoding
    raise BadInputError(f"{path}: this is not text in UTF-8 or a Western encoding. Save it as CSV in UTF-8")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                if b"\0" in chunk:
                    return False
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def sniff_delimiter(path: Path, encoding: str) -> str:
    """The delimiter that splits most of the first lines into one number (> 1) of fields, and into most fields."""
    with path.open(encoding=encoding, newline="") as stream:
        lines = [line for line, _ in zip(stream, range(_HEAD_LINES), strict=False) if line.strip()]
    if not lines:
        raise BadInputError(f"{path}: the file holds blank lines only. It needs a header line and rows")
    scores = {delimiter: _consistency(lines, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    if scores[best] == (0.0, 0):
        known = ", ".join(DELIMITERS.values())
        raise BadInputError(f"{path}: line 1 has one column only; looked for {known}. It needs a target and a feature")
    return best


def _consistency(lines: list[str], delimiter: str) -> tuple[float, int]:
    widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
    width, count = Counter(widths).most_common(1)[0]
    if width < 2 or widths[0] < 2:
        return (0.0, 0)
    return (count / len(widths), width)


def _check_header(path: Path, encoding: str, delimiter: str) -> None:
    with path.open(encoding=encoding, newline="") as stream:
        header = [name.strip() for name in next(csv.reader(stream, delimiter=delimiter))]
    blank = [position for position, name in enumerate(header, 1) if not name]
    if blank:
        raise BadInputError(f"{path}, line 1: column {blank[0]} has no name. Give every column a name")
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        raise BadInputError(f"{path}, line 1: column {repeated[0]!r} appears twice. Rename one of them")
