"""The rows of a data file as text, whatever its format: what an endpoint and a comma-separated copy are made of."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.errors import BadInputError
from cli.profiling.sniffing import Dialect, Parquet, sniff

_BATCH_ROWS = 20_000


def header_and_rows(path: Path) -> Iterator[list[str]]:
    """The columns' names, then every row; blank lines left out. Raises BadInputError."""
    dialect = sniff(path)
    if isinstance(dialect, Parquet):
        yield from _parquet_rows(path)
        return
    yield from _text_rows(path, dialect)


def open_parquet(path: Path) -> Any:
    """A `pyarrow.parquet.ParquetFile`. Raises BadInputError: damaged, or with several values in a cell."""
    # A tenth of a second, for those who have such a file.
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise BadInputError(f"{path}: cannot be read as Parquet: {error}. Write it again") from None
    for field in file.schema_arrow:
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            raise BadInputError(f"{path}: column {field.name!r} holds {field.type}. Write one text or number per cell")
    return file


def as_text(column: Any) -> list[str]:
    """A pyarrow array's cells as a CSV file would hold them; missing ones are empty."""
    import pyarrow as pa

    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    if pa.types.is_boolean(plain.type):
        # As the jobs read them; Arrow's own words are small.
        return ["" if cell is None else str(cell) for cell in plain.to_pylist()]
    return ["" if cell is None else cell for cell in plain.cast(pa.string()).to_pylist()]


def _parquet_rows(path: Path) -> Iterator[list[str]]:
    with open_parquet(path) as file:
        yield [name.strip() for name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            yield from (list(row) for row in zip(*map(as_text, batch.columns), strict=True))


def _text_rows(path: Path, dialect: Dialect) -> Iterator[list[str]]:
    with dialect.open(path) as stream:
        reader = csv.reader(stream, delimiter=dialect.delimiter)
        yield [name.strip() for name in next(reader)]
        yield from (row for row in reader if row)
