"""Which files of an input are data, and in which format. Without pyarrow: evaluate.py may not need it."""

from pathlib import Path

from job import BadData

PARQUET_MAGIC = b"PAR1"


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


def is_parquet(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
