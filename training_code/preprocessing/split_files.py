"""The split files of a host: train (in one part or several), validation and test."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from preprocessing.counts import BlockCounts
from preprocessing.encoded_rows import RowEncoder, SplitRows
from preprocessing.layout import CSV, Layout
from preprocessing.parallel import Workers
from preprocessing.progress import Progress
from preprocessing.spill import Block
from preprocessing.splitting import SPLITS, TRAIN_CODE

# A row group per block would be too small to compress and to read well.
ROW_GROUP_ROWS = 1 << 17


@dataclass(frozen=True)
class _Slice:
    """Rows of a block that go to one file, as text for CSV."""

    path: Path
    rows: int
    data: pa.RecordBatch | pa.Buffer


class _SplitFile(Protocol):
    def write(self, data: pa.RecordBatch | pa.Buffer) -> None: ...

    def close(self) -> None: ...


def write_splits(
    layout: Layout, encoder: RowEncoder, counts: Sequence[BlockCounts], workers: Workers, progress: Progress
) -> None:
    """counts: by block. Files without rows are not written."""
    firsts = [0, *accumulate(count.rows[TRAIN_CODE] for count in counts)]
    kind = _CsvFile if layout.file_format == CSV else _ParquetFile

    def slices(numbered: tuple[int, Block]) -> list[_Slice]:
        number, block = numbered
        return list(_slices(layout, encoder.encode(block), firsts[number], firsts[-1]))

    files: dict[Path, _SplitFile] = {}
    written = 0
    with ExitStack() as open_files:
        for found in workers.in_order(slices, enumerate(encoder.blocks)):
            for part in found:
                if part.path not in files:
                    files[part.path] = kind(part.path)
                    open_files.callback(files[part.path].close)
                files[part.path].write(part.data)
                written += part.rows
            progress.rows("wrote", written)


def _slices(layout: Layout, rows: SplitRows, first: int, total: int) -> Iterator[_Slice]:
    """first: how many training rows stand in earlier blocks; total: in all blocks of this host."""
    for code, split in enumerate(SPLITS):
        batch = rows.of(code)
        for part, piece in _parts(batch, first, total, layout.train_parts) if code == TRAIN_CODE else [(0, batch)]:
            if piece.num_rows:
                text_or_rows = _csv_text(piece) if layout.file_format == CSV else piece
                yield _Slice(layout.split_path(split, part), piece.num_rows, text_or_rows)


def _parts(batch: pa.RecordBatch, first: int, total: int, parts: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Part p holds the rows from p * total // parts on: equal in size, each a stretch of the whole."""
    for part in range(parts):
        start, end = (edge * total // parts - first for edge in (part, part + 1))
        start, end = max(0, start), min(batch.num_rows, end)
        if start < end:
            yield part, batch.slice(start, end - start)


def _csv_text(rows: pa.RecordBatch) -> pa.Buffer:
    stream = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none", batch_size=max(1, rows.num_rows))
    pyarrow.csv.write_csv(rows, stream, options)
    return stream.getvalue()


class _CsvFile:
    def __init__(self, path: Path) -> None:
        self._stream: BinaryIO = path.open("wb")

    def write(self, data: pa.Buffer) -> None:
        self._stream.write(data)

    def close(self) -> None:
        self._stream.close()


class _ParquetFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pyarrow.parquet.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []

    def write(self, data: pa.RecordBatch) -> None:
        self._waiting.append(data)
        if sum(batch.num_rows for batch in self._waiting) >= ROW_GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        table = pa.Table.from_batches(self._waiting)
        self._waiting.clear()
        if self._writer is None:
            self._writer = pyarrow.parquet.ParquetWriter(str(self._path), table.schema)
        self._writer.write_table(table, row_group_size=table.num_rows)

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        if self._writer is not None:
            self._writer.close()
