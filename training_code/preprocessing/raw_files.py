"""Which files of an input are data. Without pyarrow: evaluate.py does not need it."""

from pathlib import Path

from job import BadData


def data_files(folder: Path) -> list[Path]:
    """Every file under the folder (or the one file), by name; marker files (.x, _SUCCESS) left out."""
    if folder.is_file():
        return [folder]
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))
    if not files:
        raise BadData(f"There is no data file in {folder}: upload a CSV file.")
    return files
