"""Which formats are data, told by the file's name, which is all that is known of an upload before it is read.

Preprocess has the file: it takes one that begins with the magic bytes of Parquet for Parquet, whatever its name, every
other one for text, and goes by the name only for the compression of that.
"""

from dataclasses import dataclass
from typing import Literal

from sluice.uploads.errors import UnusableUploadError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIX = ".parquet"
GZIP_SUFFIX = ".gz"


@dataclass(frozen=True)
class FileFormat:
    kind: Literal["text", "parquet"]
    gzipped: bool = False


def format_of(key: str) -> FileFormat:
    """Raises UnusableUploadError for a name that is none of them."""
    name = key.lower()
    if name.endswith(PARQUET_SUFFIX):
        return FileFormat("parquet")
    if name.removesuffix(GZIP_SUFFIX).endswith(TEXT_SUFFIXES):
        return FileFormat("text", gzipped=name.endswith(GZIP_SUFFIX))
    known = ", ".join(TEXT_SUFFIXES)
    raise UnusableUploadError(
        f"{key} is not a data file: upload {known} (each also with {GZIP_SUFFIX}) or {PARQUET_SUFFIX}"
    )
