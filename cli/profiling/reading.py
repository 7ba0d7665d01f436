"""Reads the head of a data file as text; nothing is converted."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cli.errors import BadInputError
from cli.profiling.sniffing import Dialect, sniff

MAX_ROWS = 200_000


@dataclass(frozen=True)
class Table:
    """`frame` holds text only, blanks as "" (pandas' own idea of missing is switched off)."""

    frame: pd.DataFrame
    dialect: Dialect
    truncated: bool

    @property
    def looked_at(self) -> str:
        return f"the first {len(self.frame):,} rows" if self.truncated else f"all {len(self.frame):,} rows"


def read_table(path: Path, max_rows: int = MAX_ROWS) -> Table:
    """Raises BadInputError with what is wrong with the file and what to do."""
    dialect = sniff(path)
    frame = _read(path, dialect, max_rows + 1)
    if frame.empty:
        raise BadInputError(f"{path}: there is a header and no row below it. Add data rows")
    return Table(frame.head(max_rows), dialect, truncated=len(frame) > max_rows)


def _read(path: Path, dialect: Dialect, rows: int) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            path,
            sep=dialect.delimiter,
            encoding=dialect.encoding,
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
