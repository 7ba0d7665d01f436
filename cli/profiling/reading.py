"""Reads the head of a data file as text; nothing is converted."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cli.errors import BadInputError
from cli.profiling.raw_rows import as_text, open_parquet
from cli.profiling.sniffing import Dialect, Parquet, sniff

MAX_ROWS = 200_000


@dataclass(frozen=True)
class Table:
    """`frame` holds text only, blanks as "" (pandas' own idea of missing is switched off)."""

    frame: pd.DataFrame
    dialect: Dialect | Parquet
    truncated: bool

    @property
    def looked_at(self) -> str:
        return f"the first {len(self.frame):,} rows" if self.truncated else f"all {len(self.frame):,} rows"


def read_table(path: Path, max_rows: int = MAX_ROWS) -> Table:
    """Raises BadInputError with what is wrong with the file and what to do."""
    dialect = sniff(path)
    if isinstance(dialect, Parquet):
        frame = _read_parquet(path, max_rows + 1)
    else:
        frame = _read_text(path, dialect, max_rows + 1)
    if frame.empty:
        raise BadInputError(f"{path}: there is a header and no row below it. Add data rows")
    return Table(frame.head(max_rows), dialect, truncated=len(frame) > max_rows)


def _read_parquet(path: Path, rows: int) -> pd.DataFrame:
    with open_parquet(path) as file:
        names = [name.strip() for name in file.schema_arrow.names]
        batch = next(file.iter_batches(batch_size=rows), None)
        cells = [as_text(column) for column in batch.columns] if batch is not None else [[] for _ in names]
    return pd.DataFrame(dict(zip(names, cells, strict=True)), dtype=str)


def _read_text(path: Path, dialect: Dialect, rows: int) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            path,
            sep=dialect.delimiter,
            encoding=dialect.encoding,
            compression="gzip" if dialect.gzipped else None,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            nrows=rows,
            index_col=False,
            on_bad_lines="error",
        )
    except pd.errors.ParserError as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise BadInputError(f"{path}: {reason}. Every row needs as many fields as the header") from error
    return frame.rename(columns=str.strip).fillna("")
