"""Raw files → a spill of encoded rows: the one pass over the text."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cluster.meeting import Meeting
from definition import DataDefinition
from job import BadData
from preprocessing.agreement import gather_json
from preprocessing.batch_encoding import BAD, EncodedBatch, encode_batch
from preprocessing.distinct import DistinctCells
from preprocessing.parallel import Workers
from preprocessing.progress import Progress
from preprocessing.raw_source import BLOCK_BYTES, raw_batches
from preprocessing.rejects import RejectLog
from preprocessing.spill import Block, Spill


@dataclass(frozen=True)
class RawData:
    """What is to be read, and in blocks of how many bytes."""

    files: tuple[Path, ...]
    definition: DataDefinition
    block_bytes: int = BLOCK_BYTES


@dataclass
class Ingested:
    """This host's rows. columns: of the raw files, in the first file's order; distinct: by column of the spill."""

    spill: Spill
    log: RejectLog
    columns: tuple[str, ...] = ()
    row_count: int = 0
    distinct: dict[str, DistinctCells] = field(default_factory=dict)

    def bad(self, block: Block) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Rows that were rejected for one of their cells."""
        return self.spill.read(block, BAD) if BAD in block.places else np.zeros(block.rows, dtype=bool)


@contextmanager
def ingested(raw: RawData, folder: Path, workers: Workers, progress: Progress) -> Iterator[Ingested]:
    """The spill is a file in the folder."""
    with Spill(folder / "rows") as spill:
        data = Ingested(spill, RejectLog())
        batches = raw_batches(raw.files, raw.definition, raw.block_bytes)
        for encoded in workers.in_order(lambda batch: encode_batch(batch, raw.definition), batches):
            _add(data, encoded)
            progress.rows("read", data.row_count)
        yield data


def _add(data: Ingested, encoded: EncodedBatch) -> None:
    data.columns = tuple(encoded.raw.schema.names)
    data.row_count += encoded.block.rows + encoded.block.left_out
    data.log.rows += int(np.count_nonzero(encoded.bad)) + encoded.block.left_out
    data.log.add(encoded.rejects)
    data.log.add_unlisted("", encoded.unlisted)
    if not encoded.block.rows:
        return
    for name, column in encoded.distinct.items():
        cells = data.distinct.setdefault(name, DistinctCells(column.name))
        encoded.columns[name] = cells.encode(column.index, column.values.to_pylist())
    data.spill.add_block(encoded.block, encoded.columns)


def check_agreement(raw: RawData, data: Ingested, meeting: Meeting) -> None:
    """That there are rows. The columns that count are the definition's, in every file of every host."""
    mine = {"rows": data.row_count, "files": [file.name for file in raw.files]}
    hosts = gather_json(meeting, mine)
    files = [name for host in hosts for name in host["files"]]
    if not sum(host["rows"] for host in hosts):
        shown = ", ".join(files[:3]) + (", …" if len(files) > 3 else "")
        raise BadData(f"{shown or 'No file'} holds a header and no rows: upload a file with data.")
