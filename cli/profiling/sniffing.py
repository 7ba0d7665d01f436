"""What a data file is, found out by reading it: Parquet, or text of an encoding and a delimiter, packed or not."""

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from cli.errors import BadInputError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
# Tried in this order: UTF-8 fails on nearly every file that is not UTF-8, while cp1252 fails on almost nothing.
ENCODINGS = ("utf-8-sig", "cp1252")
_CHUNK = 1 << 20
_HEAD_LINES = 50
_PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Dialect:
    encoding: str
    delimiter: str
    gzipped: bool = False

    @property
    def runs_read_it(self) -> bool:
        """A run reads every delimiter, packed or not, but UTF-8 only."""
        return self.encoding == "utf-8-sig"

    def open(self, path: Path) -> IO[str]:
        """The text, line ends as they are."""
        return io.TextIOWrapper(_open(path), encoding=self.encoding, newline="")

    def __str__(self) -> str:
        encoding = "UTF-8" if self.encoding == "utf-8-sig" else self.encoding
        return f"{DELIMITERS[self.delimiter]}-separated {encoding}{' in gzip' if self.gzipped else ''}"


@dataclass(frozen=True)
class Parquet:
    runs_read_it: bool = True

    def __str__(self) -> str:
        return "Parquet"


def sniff(path: Path) -> Dialect | Parquet:
    """Raises BadInputError: missing, empty, not text, one column only, or a header that cannot be used."""
    if not path.is_file():
        raise BadInputError(f"{path}: no such file. Give the path of a CSV or Parquet file")
    if path.stat().st_size == 0:
        raise BadInputError(f"{path}: the file is empty. It needs a header line and rows")
    if _head(path, raw=True).startswith(_PARQUET_MAGIC):
        return Parquet()
    try:
        return _sniff_text(path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInputError(f"{path}: cannot be unpacked ({error}). Pack it again with gzip") from None


def _sniff_text(path: Path) -> Dialect:
    encoding = sniff_encoding(path)
    delimiter = sniff_delimiter(path, encoding)
    _check_header(path, encoding, delimiter)
    return Dialect(encoding, delimiter, is_gzipped(path))


def is_gzipped(path: Path) -> bool:
    return _head(path, raw=True).startswith(_GZIP_MAGIC)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if is_gzipped(path) else path.open("rb")


def _head(path: Path, raw: bool = False) -> bytes:
    with path.open("rb") if raw else _open(path) as stream:
        return stream.read(4)


def sniff_encoding(path: Path) -> str:
    """Decodes the whole file, since one wrong byte at its end would turn the upload away just as well."""
    if _head(path).startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ENCODINGS:
        if _decodes(path, encoding):
            return encoding
    raise BadInputError(f"{path}: this is not text in UTF-8 or a Western encoding. Save it as CSV in UTF-8")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with _open(path) as stream:
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
    with io.TextIOWrapper(_open(path), encoding=encoding, newline="") as stream:
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
    with io.TextIOWrapper(_open(path), encoding=encoding, newline="") as stream:
        header = [name.strip() for name in next(csv.reader(stream, delimiter=delimiter))]
    blank = [position for position, name in enumerate(header, 1) if not name]
    if blank:
        raise BadInputError(f"{path}, line 1: column {blank[0]} has no name. Give every column a name")
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        raise BadInputError(f"{path}, line 1: column {repeated[0]!r} appears twice. Rename one of them")
