"""The raw rows of the test split, as they came: evaluate.py scores models of every codec on them."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import HELD_OUT, RAW
from preprocessing.ingest import Ingested
from preprocessing.parallel import Workers
from preprocessing.spill import Block
from preprocessing.splitting import TEST_CODE


def write_holdout(path: Path, data: Ingested, workers: Workers) -> None:
    """In the order of the test split. A host without any test row writes no file."""
    schema = pa.schema([(name, pa.string()) for name in data.columns])

    def text(block: Block) -> pa.Buffer | None:
        held_out = data.spill.read(block, HELD_OUT)
        test = data.spill.read(block, SPLIT)[held_out] == TEST_CODE
        if not test.any():
            return None
        rows = pa.ipc.read_record_batch(pa.py_buffer(data.spill.read(block, RAW)), schema)
        return _csv_text(rows if test.all() else rows.filter(pa.array(test)))

    stream = None
    try:
        for part in workers.in_order(text, data.spill.blocks):
            if part is None:
                continue
            if stream is None:
                stream = path.open("wb")
                stream.write(_header(data.columns))
            stream.write(part)
    finally:
        if stream is not None:
            stream.close()


def _header(columns: Sequence[str]) -> pa.Buffer:
    empty = pa.RecordBatch.from_arrays([pa.nulls(0, pa.string()) for _ in columns], names=list(columns))
    return _csv_text(empty, header=True)


def _csv_text(rows: pa.RecordBatch, header: bool = False) -> pa.Buffer:
    stream = pa.BufferOutputStream()
    pyarrow.csv.write_csv(rows, stream, pyarrow.csv.WriteOptions(include_header=header))
    return stream.getvalue()
