"""How much a metric would scatter on other test sets of this size: the seeded bootstrap (Efron 1979).

Metrics of counts (a ranking, a confusion matrix) resample the counts: one multinomial draw is one resampled test set,
whatever its size. Metrics of whole rows resample at most ROWS rows and shrink the deviation by √(drawn / rows), the
m-out-of-n bootstrap (Bickel, Götze, van Zwet 1997). So the cost is bounded, and small test sets are resampled whole.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from codec.codec import Floats

ROWS = 20_000
# Rows that are drawn at a time, for as many replicates as they give.
CHUNK_ROWS = 200_000

Rows = npt.NDArray[np.int64]
Measurement = dict[str, float | None]
Metrics = dict[str, Measurement]


@dataclass(frozen=True)
class Bootstrap:
    """replicates: how many resampled test sets the deviations are taken over."""

    replicates: int = 200
    seed: int = 42

    def counts(self, counts: Floats, replicates: int | None = None, stream: int = 0) -> npt.NDArray[np.int64]:
        """counts: of rows, of any shape. → (replicates, *shape), each with the same total."""
        cells = counts.ravel()
        drawn = self._generator(stream).multinomial(
            int(cells.sum()), cells / cells.sum(), size=self.replicates if replicates is None else replicates
        )
        return drawn.reshape(-1, *counts.shape)

    def rows(self, count: int, most: int = ROWS) -> Iterator[Rows]:
        """The rows of the resampled test sets, (some of the replicates, rows) at a time; at least once.

        A deviation over them is to be multiplied with shrink(count, most).
        """
        generator, drawn = self._generator(0), min(count, most)
        size = max(1, CHUNK_ROWS // drawn)
        for start in range(0, max(self.replicates, 1), size):
            yield generator.integers(count, size=(min(size, self.replicates - start), drawn))

    def _generator(self, stream: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, stream))


class Sample(Protocol):
    """A model's scores of a test set, ready to be measured on resampled rows."""

    @property
    def most(self) -> int:
        """More rows than this need not be drawn."""
        ...

    def replicates(self, rows: Rows) -> Mapping[str, Floats]:
        """rows: (replicates, rows) → each metric (replicates,); NaN is not defined."""
        ...


def replicates_of(draw: Callable[[Rows], Mapping[str, Floats]], rows: Iterable[Rows]) -> dict[str, Floats]:
    """By metric its value on every resampled test set."""
    drawn = [draw(chunk) for chunk in rows]
    return {name: np.concatenate([values[name] for values in drawn]) for name in drawn[0]}


def histograms(cells: npt.NDArray[np.int64], rows: Rows, size: int) -> Floats:
    """cells: the place of each row in a histogram of that size. → (replicates, size), of each replicate's rows."""
    places = cells[rows] + size * np.arange(len(rows))[:, None]
    counts = np.bincount(places.ravel(), minlength=len(rows) * size)
    return counts.reshape(len(rows), size).astype(np.float64)


def shrink(count: int, most: int = ROWS) -> float:
    return math.sqrt(min(count, most) / count)


def measurements(
    names: Sequence[str], values: Mapping[str, npt.ArrayLike], replicates: Mapping[str, npt.ArrayLike]
) -> Metrics:
    """By name its value and the deviation of its replicates. NaN is not defined; None in the result."""
    result = {}
    for name in names:
        value = defined(values[name])
        scatter = None if value is None else deviation(replicates[name])
        result[name] = {"value": value, "standard_deviation": scatter}
    return result


def defined(value: npt.ArrayLike) -> float | None:
    number = float(np.asarray(value))
    return number if math.isfinite(number) else None


def deviation(replicates: npt.ArrayLike) -> float | None:
    """Over the resampled test sets on which the metric is defined; None where there are fewer than two."""
    values = np.asarray(replicates, dtype=np.float64)
    values = values[np.isfinite(values)]
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike, otherwise: float = math.nan) -> Floats:
    """part / whole, elementwise; `otherwise` where whole is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64))
    result: Floats = np.divide(part, whole, out=np.full(part.shape, otherwise), where=whole != 0)
    return result
