"""Which files of an input are data, and in which format. Without pyarrow: evaluate.py may not need it."""

import re
from pathlib import Path

from job import BadData

PARQUET_MAGIC = b"PAR1"
# How StartRun names the labelled rows of a check beside an upload.
_CAPTURED = re.compile(r"captured-\d{12}-[0-9a-f]+\.csv")


def data_files(folder: Path) -> list[Path]:
    """Every file under the folder (or the one file), by name; marker files (.x, _SUCCESS) left out."""
    files = shard_files(folder)
    if not files:
        raise BadData(f"There is no data file in {folder}: upload a CSV or Parquet file.")
    return files


def shard_files(folder: Path) -> list[Path]:
    """As data_files, where none is no error: one of several hosts may have got no file."""
    if folder.is_file():
        return [folder]
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))


def is_captured(file: Path) -> bool:
    """Rows that production was asked for (monitor.py's labelled.csv), not a data set of somebody's."""
    return _CAPTURED.fullmatch(file.name) is not None


def is_parquet(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
