"""Keys that stand in more than one row, over all files of all hosts.

Hashes are compared, one range of them after the other, so that memory stays bounded. Only the rows whose hashes are
not alone are read again, for their text: two keys may share a hash, and a message needs names. Spaces around a key do
not count.

Captured rows are left out: production may be asked twice for one thing, or for one of the upload, and both rows tell
something. They have the same hash, so they are in the same split.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cluster.meeting import Meeting
from codec.arrow import text_cells
from job import BadData
from preprocessing.agreement import gather_json, sum_number
from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import HASHES, row_hashes
from preprocessing.ingest import Ingested, RawData
from preprocessing.parallel import Workers
from preprocessing.raw_source import raw_batches
from preprocessing.row_hash import Hashes
from preprocessing.spill import Block
from preprocessing.splitting import REJECTED_CODE

RANGE_ROWS = 2_000_000
MOST_SUSPECTS = 1_000
SHOWN_KEYS, SHOWN_ROWS = 5, 3


class _Row(NamedTuple):
    """number: among the rows of its host."""

    key: str
    host: int
    number: int


def check_keys(
    raw: RawData,
    data: Ingested,
    hosts: tuple[str, ...],
    workers: Workers,
    meeting: Meeting,
    range_rows: int = RANGE_ROWS,
) -> None:
    """BadData when a key of the rows that are used is repeated."""
    if not raw.definition.key:
        return
    suspects = _repeated_hashes(data, workers, meeting, range_rows)
    if not len(suspects):
        return
    rows: dict[str, list[_Row]] = {}
    for row in _rows_of(raw, data, suspects[:MOST_SUSPECTS], meeting):
        rows.setdefault(row.key, []).append(row)
    repeated = [found for found in rows.values() if len(found) > 1]
    if not repeated:
        return
    shown = ", ".join(_named(found, hosts) for found in repeated[:SHOWN_KEYS])
    count = len(repeated) if len(suspects) <= MOST_SUSPECTS else len(suspects)
    raise BadData(
        f"The key column {raw.definition.key!r} must be unique, but {count} of its values appear more than once: "
        f"{shown}{', …' if len(repeated) > SHOWN_KEYS else ''}. Remove the repeated rows, or name another key in "
        "model.yaml."
    )


def _named(found: list[_Row], hosts: tuple[str, ...]) -> str:
    if len(hosts) == 1:
        return f"{found[0].key!r} (rows {', '.join(str(row.number) for row in found[:SHOWN_ROWS])})"
    return f"{found[0].key!r} ({', '.join(f'row {row.number} of {hosts[row.host]}' for row in found[:SHOWN_ROWS])})"


def _repeated_hashes(data: Ingested, workers: Workers, meeting: Meeting, range_rows: int) -> Hashes:
    total = sum_number(meeting, data.row_count)
    bits = max(0, (total // range_rows).bit_length())
    repeated = [_repeated_in_range(data, number, bits, workers, meeting) for number in range(1 << bits)]
    return np.concatenate(repeated)


def _repeated_in_range(data: Ingested, number: int, bits: int, workers: Workers, meeting: Meeting) -> Hashes:
    """The range: hashes that begin with the bits of `number`."""

    def in_range(block: Block) -> Hashes:
        if block.captured:
            return np.zeros(0, np.uint64)
        hashes = data.spill.read(block, HASHES)
        kept = data.spill.read(block, SPLIT) != REJECTED_CODE
        if bits:
            kept &= (hashes >> np.uint64(64 - bits)) == number
        return hashes[kept]

    mine = np.concatenate([np.zeros(0, np.uint64), *workers.in_order(in_range, data.spill.blocks)])
    if meeting.size > 1:
        mine = np.concatenate([np.frombuffer(answer, np.uint64) for answer in meeting.gather(mine.tobytes())])
    mine.sort()
    return np.unique(mine[1:][mine[1:] == mine[:-1]])


def _rows_of(raw: RawData, data: Ingested, hashes: Hashes, meeting: Meeting) -> list[_Row]:
    """The rows with one of these hashes, by host and number."""
    answers = gather_json(meeting, list(_my_rows_of(raw, data, hashes)))
    return [_Row(key, host, number) for host, answer in enumerate(answers) for key, number in answer]


def _my_rows_of(raw: RawData, data: Ingested, hashes: Hashes) -> Iterator[tuple[str, int]]:
    """A few rows of each key. The raw files are read again, in the same batches as the spill's blocks."""
    key, seen = str(raw.definition.key), Counter[str]()
    batches = (batch for batch in raw_batches(raw.files, raw.definition, raw.block_bytes) if batch.cells.num_rows)
    for block, batch in zip(data.spill.blocks, batches, strict=True):
        if block.captured:
            continue
        cells: pa.RecordBatch = batch.cells.select([key])
        found = np.isin(row_hashes(cells, raw.definition), hashes) & (data.spill.read(block, SPLIT) != REJECTED_CODE)
        if found.any():
            texts = pc.utf8_trim_whitespace(text_cells(cells[key].filter(pa.array(found)))).to_pylist()
            for text, number in zip(texts, block.numbers()[found].tolist(), strict=True):
                seen[text] += 1
                if seen[text] <= SHOWN_ROWS:
                    yield text, number
