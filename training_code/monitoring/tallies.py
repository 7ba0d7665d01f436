"""Counts of values in the baseline's bins and levels: added block by block, joined over processes.

The same cells give the same result in whatever order and blocks they come.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.arrow import encode_column
from codec.cells import CellError, any_is_a_number, cell_text, parse_number
from codec.codec import NUMERIC, Feature, Floats
from lean_arrow import pyarrow as pa
from monitoring.distributions import Distribution, LevelCounts, NumberCounts
from preprocessing.exact_sum import as_float, exact_sum

SHOWN_UNSEEN = 5
# Texts that are counted one by one; of more, the first by the alphabet, so that the order they come in does not matter.
COUNTED_TEXTS = 1000
LONGEST_TEXT = 100

_NO_NUMBER = Feature("", NUMERIC)


class NumberTally:
    def __init__(self, baseline: NumberCounts, missing_values: frozenset[str] = frozenset()) -> None:
        self._baseline, self._missing_values = baseline, missing_values
        # Sums are of the distances to it: squares of large numbers close together would lose what tells them apart.
        self._pivot = baseline.mean if math.isfinite(baseline.mean) else 0.0
        self._counts = np.zeros(len(baseline.edges) + 1, dtype=np.int64)
        self._missing = self._unreadable = self._below = self._above = 0
        self._minimum, self._maximum = math.inf, -math.inf
        self._sum = self._squares = 0
        self._whole = True

    def add_cells(self, cells: Sequence[Any]) -> None:
        values, unreadable = numbers_of(cells, self._missing_values)
        self._unreadable += unreadable
        self._missing -= unreadable
        self.add(values)

    def add(self, values: Floats) -> None:
        """NaN is missing."""
        present = values[~np.isnan(values)]
        self._missing += len(values) - len(present)
        if not len(present):
            return
        bins = np.searchsorted(self._baseline.edges, present)
        self._counts += np.bincount(bins, minlength=len(self._counts))
        self._below += int(np.count_nonzero(present < self._baseline.minimum))
        self._above += int(np.count_nonzero(present > self._baseline.maximum))
        self._minimum = min(self._minimum, float(present.min()))
        self._maximum = max(self._maximum, float(present.max()))
        distances = present - self._pivot
        self._sum += exact_sum(distances)
        self._squares += exact_sum(distances * distances)
        self._whole = self._whole and bool((present == np.floor(present)).all())

    def join(self, other: "NumberTally") -> None:
        self._counts += other._counts
        self._missing += other._missing
        self._unreadable += other._unreadable
        self._below += other._below
        self._above += other._above
        self._minimum = min(self._minimum, other._minimum)
        self._maximum = max(self._maximum, other._maximum)
        self._sum += other._sum
        self._squares += other._squares
        self._whole = self._whole and other._whole

    def counts(self) -> NumberCounts:
        count = int(self._counts.sum())
        values = (math.nan,) * 4 if not count else (self._minimum, self._maximum, *self._mean_and_deviation(count))
        return NumberCounts(
            self._baseline.edges,
            self._counts,
            self._missing,
            *values,
            unreadable=self._unreadable,
            below=self._below,
            above=self._above,
            whole=bool(count) and self._whole,
        )

    def _mean_and_deviation(self, count: int) -> tuple[float, float]:
        mean = as_float(self._sum, count)
        variance = Fraction(as_float(self._squares, count)) - Fraction(mean) ** 2
        return self._pivot + mean, math.sqrt(max(0.0, float(variance)))


def numbers_of(cells: Sequence[Any], missing_values: frozenset[str]) -> tuple[Floats, int]:
    """NaN where a cell is missing or no number, and how many are no numbers. As codec/ reads them."""
    kinds = set(map(type, cells))
    if kinds <= {str, type(None)}:
        values, reasons = encode_column(_NO_NUMBER, missing_values, pa.array(cells, pa.string()))
        return values, len(reasons)
    if kinds <= {int, float, type(None)} and not any_is_a_number(missing_values):
        try:
            # None becomes NaN.
            numbers: Floats = np.array(cells, dtype=np.float64)
        except OverflowError:
            return _one_by_one(cells, missing_values)
        too_large = np.abs(numbers) > np.finfo(np.float32).max
        numbers[too_large] = np.nan
        return numbers, int(np.count_nonzero(too_large))
    return _one_by_one(cells, missing_values)


def _one_by_one(cells: Sequence[Any], missing_values: frozenset[str]) -> tuple[Floats, int]:
    values = np.full(len(cells), np.nan)
    unreadable = 0
    for position, cell in enumerate(cells):
        try:
            values[position] = parse_number(cell, missing_values)
        except CellError:
            unreadable += 1
    return values, unreadable


class TextCounts:
    """How often each text came; of more than COUNTED_TEXTS different ones, of the first by the alphabet.

    A text among the first at the end was among the first all the time: its count is whole.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, text: str, count: int = 1) -> None:
        self._counts[text[:LONGEST_TEXT]] += count
        if len(self._counts) > 2 * COUNTED_TEXTS:
            self._counts = Counter({text: self._counts[text] for text in sorted(self._counts)[:COUNTED_TEXTS]})

    def join(self, other: "TextCounts") -> None:
        for text, count in other._counts.items():
            self.add(text, count)

    def most(self, count: int) -> dict[str, int]:
        """The most frequent ones, falling."""
        first = sorted(self._counts)[:COUNTED_TEXTS]
        return {text: self._counts[text] for text in sorted(first, key=lambda one: (-self._counts[one], one))[:count]}


@dataclass(frozen=True)
class LevelNames:
    """Which level of the baseline a cell is: as the codec reads it, JSON's true also as true, TRUE or True."""

    levels: frozenset[str]
    missing_values: frozenset[str]

    def name(self, cell: Any) -> str | None:
        """None where it is missing. A text of no level is given as it is."""
        try:
            text = cell_text(cell)
        except CellError:
            return f"a {type(cell).__name__}"
        if not text or text in self.missing_values:
            return None
        if isinstance(cell, bool):
            return next((way for way in (text, text.lower(), text.upper()) if way in self.levels), text)
        return text


class LevelTally:
    def __init__(self, baseline: LevelCounts, missing_values: frozenset[str] = frozenset()) -> None:
        self._names = LevelNames(frozenset(baseline.counts), missing_values)
        self._counts = dict.fromkeys(baseline.counts, 0)
        self._missing = self._unseen = 0
        self._examples = TextCounts()

    def add_cells(self, cells: Sequence[Any]) -> None:
        for cell, count in distinct_cells(cells):
            name = self._names.name(cell)
            if name is None:
                self._missing += count
            elif name in self._counts:
                self._counts[name] += count
            else:
                self._unseen += count
                self._examples.add(name, count)

    def join(self, other: "LevelTally") -> None:
        for name, count in other._counts.items():
            self._counts[name] += count
        self._missing += other._missing
        self._unseen += other._unseen
        self._examples.join(other._examples)

    def counts(self) -> LevelCounts:
        return LevelCounts(self._counts, self._missing, self._unseen, self._examples.most(SHOWN_UNSEEN))


def distinct_cells(cells: Sequence[Any]) -> list[tuple[Any, int]]:
    """Each cell and how often it came. JSON's 1 and true are two cells, which Python takes for one."""
    try:
        counts = Counter(cells)
    except TypeError:
        # A list or an object has no hash: what it is called does.
        return distinct_cells([_shown(cell) for cell in cells])
    if 0 in counts or 1 in counts:
        return [(cell, count) for (_, cell), count in Counter(zip(map(type, cells), cells, strict=True)).items()]
    return list(counts.items())


def _shown(cell: Any) -> Any:
    return f"a {type(cell).__name__}" if isinstance(cell, list | dict) else cell


Tally = NumberTally | LevelTally


def tally_of(baseline: Distribution, missing_values: frozenset[str] = frozenset()) -> Tally:
    kind = NumberTally if isinstance(baseline, NumberCounts) else LevelTally
    return kind(baseline, missing_values)  # type: ignore[arg-type]


def tallies_of(baseline: Mapping[str, Distribution], missing_values: frozenset[str] = frozenset()) -> dict[str, Tally]:
    return {name: tally_of(one, missing_values) for name, one in baseline.items()}


Codes = npt.NDArray[np.int64]
