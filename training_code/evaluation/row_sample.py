"""Some rows of a stream, each as likely as any other, without holding or reading it twice."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]


@dataclass
class RowSample:
    """Each row draws a key; those with the lowest are kept (Vitter 1985 calls the result a reservoir)."""

    size: int
    seed: int
    _parts: list[tuple[npt.NDArray[np.float64], Matrix]] = field(default_factory=list)
    _highest: float = np.inf

    def __post_init__(self) -> None:
        self._generator = np.random.default_rng(self.seed)

    def add(self, rows: Matrix) -> None:
        keys = self._generator.random(len(rows))
        kept = keys < self._highest
        self._parts.append((keys[kept], rows[kept]))
        if sum(len(part) for part, _ in self._parts) > 2 * self.size:
            self._shorten()

    def rows(self) -> Matrix:
        """In the order of their keys: the first of them are a sample as well."""
        self._shorten()
        return self._parts[0][1]

    def _shorten(self) -> None:
        keys, rows = (np.concatenate(parts) for parts in zip(*self._parts, strict=True))
        kept = np.argsort(keys, kind="stable")[: self.size]
        self._parts = [(keys[kept], rows[kept])]
        if len(kept) == self.size:
            self._highest = float(keys[kept[-1]])
