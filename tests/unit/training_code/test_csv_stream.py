import csv
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from csv_stream import csv_stream

LINES = "text\r\n" + "".join(f'"{"x" * width}\r\ny"\r\n' for width in range(200))


@pytest.mark.parametrize("block", [256, 257, 300, 512])
@pytest.mark.parametrize("name", ["cells.csv", "cells.csv.gz"])
def test_line_ends_in_cells_survive_wherever_a_block_ends(tmp_path: Path, name: str, block: int):
    file = tmp_path / name
    file.write_bytes(gzip.compress(LINES.encode()) if name.endswith(".gz") else LINES.encode())
    reader = pyarrow.csv.open_csv(
        csv_stream(file),
        read_options=pyarrow.csv.ReadOptions(block_size=block),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types={"text": pa.string()}),
    )
    cells = [cell for batch in reader for cell in batch["text"].to_pylist()]
    assert cells == [row[0] for row in csv.reader(LINES.splitlines(keepends=True))][1:]
