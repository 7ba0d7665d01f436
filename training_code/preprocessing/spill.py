"""The encoded rows on local disk, in blocks of columns: as many as the disk holds, whatever the memory.

Written and read by ordinary system calls, not mapped: mapped pages would count as the process's memory.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]


class _Place(NamedTuple):
    offset: int
    length: int
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Block:
    """first: the number of its first row. left_out: how many malformed rows stand among the others.

    Those hold no place in columns. left_out_bits: a bit per number, set for theirs; blocks stay in memory, so it is
    no list of them. captured: see raw_files.is_captured.
    """

    rows: int
    first: int
    left_out: int = 0
    left_out_bits: bytes = field(default=b"", repr=False)
    captured: bool = False
    places: dict[str, _Place] = field(default_factory=dict, repr=False)

    @classmethod
    def without(cls, rows: int, first: int, malformed: npt.NDArray[np.int64]) -> "Block":
        """malformed: the numbers of the rows to leave out, each between the block's first and its last."""
        if not len(malformed):
            return cls(rows, first)
        left_out = np.zeros(rows + len(malformed), dtype=bool)
        left_out[malformed - first] = True
        return cls(rows, first, len(malformed), np.packbits(left_out).tobytes())

    def numbers(self) -> npt.NDArray[np.int64]:
        if not self.left_out:
            return np.arange(self.first, self.first + self.rows)
        bits = np.frombuffer(self.left_out_bits, dtype=np.uint8)
        return self.first + np.flatnonzero(np.unpackbits(bits, count=self.rows + self.left_out) == 0)


class Spill:
    """Appending and reading may be done by several threads."""

    def __init__(self, path: Path) -> None:
        self.blocks: list[Block] = []
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._end = 0
        self._lock = threading.Lock()

    def __enter__(self) -> "Spill":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def add_block(self, block: Block, columns: Mapping[str, Column]) -> None:
        for name, values in columns.items():
            self.add_column(block, name, values)
        self.blocks.append(block)

    def add_column(self, block: Block, name: str, values: Column) -> None:
        """One value per row of the block, or the bytes of something else that belongs to it."""
        data = _bytes(values)
        with self._lock:
            offset, self._end = self._end, self._end + len(data)
        _transfer(lambda rest, at: os.pwrite(self._file, rest, at), data, offset)
        block.places[name] = _Place(offset, len(values), values.dtype)

    def read(self, block: Block, name: str) -> Column:
        place = block.places[name]
        values = np.empty(place.length, dtype=place.dtype)
        _transfer(lambda rest, at: os.preadv(self._file, [rest], at), _bytes(values), place.offset)
        return values


def _bytes(values: Column) -> memoryview:
    return memoryview(np.ascontiguousarray(values).view(np.uint8))


def _transfer(call: Any, data: memoryview, offset: int) -> None:
    """A system call may do only part of the work, or none at a file's unexpected end."""
    done = 0
    while done < len(data):
        count = call(data[done:], offset + done)
        if count == 0:
            raise OSError(f"the spill ends {len(data) - done} bytes too early")
        done += count
