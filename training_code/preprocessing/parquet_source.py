"""Parquet files as batches of rows."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from job import BadData

# A row as text takes at least about as many bytes; so a batch holds about as much as one of a CSV file.
LEAST_BYTES_A_ROW = 128
# In memory, whatever it holds: a number, or where its text begins and a short text.
LEAST_BYTES_A_CELL = 8


def parquet_batches(file: Path, block_bytes: int) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    """The names of the columns, and the rows in the types that the file gives them."""
    try:
        # Without buffering ahead: the memory of one batch of a row group is needed, not that of the whole group.
        reader = pyarrow.parquet.ParquetFile(str(file), pre_buffer=False, buffer_size=1 << 16)
    except (pa.ArrowException, OSError) as error:
        raise BadData(f"{file.name} cannot be read as Parquet: {error}.") from error
    schema = reader.schema_arrow
    for field in schema:
        if pa.types.is_nested(field.type):
            raise BadData(
                f"{file.name} holds lists or structs in the column {field.name!r} ({field.type}): write one value per "
                "cell, or leave the column out."
            )
    return schema.names, _batches(reader, file, max(1, block_bytes // _bytes_a_row(reader.metadata)))


def _bytes_a_row(footer: pyarrow.parquet.FileMetaData) -> int:
    """An estimate: a file may store a long text once for many rows, so its bytes are not all that rows take."""
    stored = sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))
    return max(LEAST_BYTES_A_ROW, LEAST_BYTES_A_CELL * footer.num_columns, stored // max(1, footer.num_rows))


def _batches(reader: pyarrow.parquet.ParquetFile, file: Path, rows: int) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader.iter_batches(batch_size=rows)
    except (pa.ArrowException, OSError) as error:
        raise BadData(f"{file.name} cannot be read as Parquet: {error}.") from error
    finally:
        reader.close()
