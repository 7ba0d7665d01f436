"""Some rows of all, the same ones in whatever order, files and processes they come.

Each row has a key, a hash of its request's id and the seed; those with the lowest are kept.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

HIGHEST = (1 << 64) - 1
# The golden ratio's share of 2^64: multiples of it lie far apart.
_STEP = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """cells: of the features, as sent. score: NaN or a tuple where there is no single one; code: of the label."""

    key: int
    event_id: str
    cells: Sequence[Any]
    score: float
    code: int


def draw_keys(event_id: str, rows: int, seed: int) -> list[int]:
    hashed = hashlib.blake2b(event_id.encode(errors="surrogatepass"), digest_size=8, key=seed.to_bytes(8))
    first = int.from_bytes(hashed.digest())
    return [first] if rows == 1 else [(first + at * _STEP) & HIGHEST for at in range(rows)]


@dataclass
class Drawn:
    size: int
    _rows: list[DrawnRow] = field(default_factory=list)
    highest: int = HIGHEST
    """Rows with a larger key need not be offered."""

    def add(self, row: DrawnRow) -> None:
        self._rows.append(row)
        if len(self._rows) > 2 * self.size:
            self.rows()

    def join(self, other: "Drawn") -> None:
        for row in other._rows:
            self.add(row)

    def rows(self) -> list[DrawnRow]:
        """By falling rank: the first of them are a sample as well."""
        self._rows = sorted(self._rows, key=attrgetter("key"))[: self.size]
        if len(self._rows) == self.size:
            self.highest = self._rows[-1].key
        return self._rows
