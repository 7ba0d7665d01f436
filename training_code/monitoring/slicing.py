"""Which part of the test set's slices a raw cell belongs to: the parts as evaluation/slices.py named them.

A range's bounds are read from its name, so they have the six digits that a name shows.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import NUMERIC, Codec
from monitoring.observed import SliceCounts
from monitoring.tallies import LevelNames, distinct_cells, numbers_of

NO_PART = -1
_RANGE = re.compile(r"(?:above (?P<low>\S+))? ?(?:up to (?P<high>\S+))?")

Codes = npt.NDArray[np.int64]
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Slicer:
    """One column; `parts` in the baseline's order, whose positions are the codes."""

    column: str
    parts: tuple[SliceCounts, ...]
    is_number: bool
    missing_values: frozenset[str]

    def codes(self, cells: Sequence[Any]) -> Codes:
        """By row; NO_PART where no part holds the cell."""
        return self._of_numbers(cells) if self.is_number else self._of_texts(cells)

    def _of_texts(self, cells: Sequence[Any]) -> Codes:
        names = LevelNames(frozenset(part.value for part in self.parts if part.kind == "value"), self.missing_values)
        by_value = {part.value: code for code, part in enumerate(self.parts) if part.kind == "value"}
        missing, other = self._code_of("missing"), self._code_of("other")

        def code(cell: Any) -> int:
            name = names.name(cell)
            return missing if name is None else by_value.get(name, other)

        return _by_distinct(cells, code)

    def _of_numbers(self, cells: Sequence[Any]) -> Codes:
        numbers, _ = numbers_of(cells, self.missing_values)
        codes = np.full(len(numbers), NO_PART, dtype=np.int64)
        for code, part in enumerate(self.parts):
            if part.kind == "missing":
                codes[np.isnan(numbers)] = code
            elif part.kind == "value":
                codes[numbers == float(part.value)] = code
            else:
                low, high = _bounds(part.value)
                codes[(numbers > low) & (numbers <= high)] = code
        return codes

    def _code_of(self, kind: str) -> int:
        return next((code for code, part in enumerate(self.parts) if part.kind == kind), NO_PART)


def _by_distinct(cells: Sequence[Any], code: Callable[[Any], int]) -> Codes:
    try:
        known = {(type(cell), cell): code(cell) for cell, _ in distinct_cells(cells)}
        return np.array([known[type(cell), cell] for cell in cells], dtype=np.int64)
    except (TypeError, KeyError):
        # Some cell is a list or an object, which has no hash.
        return np.array([code(cell) for cell in cells], dtype=np.int64)


def _bounds(name: str) -> tuple[float, float]:
    found = _RANGE.fullmatch(name)
    low, high = (found["low"], found["high"]) if found else (None, None)
    return float("-inf" if low is None else low), float("inf" if high is None else high)


def slicers(parts: Iterable[SliceCounts], codec: Codec) -> list[Slicer]:
    by_column: dict[str, list[SliceCounts]] = {}
    for part in parts:
        by_column.setdefault(part.column, []).append(part)
    numeric = {feature.name for feature in codec.features if feature.type == NUMERIC}
    return [
        Slicer(
            column,
            tuple(held),
            column in numeric or any(part.kind == "range" for part in held),
            codec.missing_values,
        )
        for column, held in by_column.items()
    ]


class SliceTally:
    """rows, selected; and of labelled rows: labelled, positives, true and false positives."""

    def __init__(self, slicer: Slicer) -> None:
        self.slicer = slicer
        self._counts = np.zeros((6, len(slicer.parts)), dtype=np.int64)

    def add(self, cells: Sequence[Any], counted: Masks, selected: Masks, labelled: Masks, positive: Masks) -> None:
        """counted: rows of the window; of the others only the labels count."""
        codes = self.slicer.codes(cells)
        held = codes != NO_PART
        masks = (held & counted, held & counted & selected, held & labelled, held & labelled & positive)
        for place, mask in enumerate((*masks, masks[3] & selected, masks[2] & ~positive & selected)):
            self._counts[place] += np.bincount(codes[mask], minlength=len(self.slicer.parts))

    def join(self, other: "SliceTally") -> None:
        self._counts += other._counts

    def counts(self) -> list[SliceCounts]:
        return [
            replace(
                part,
                rows=rows,
                selected=selected,
                labelled=labelled,
                positives=positives,
                true_positives=true,
                false_positives=false,
            )
            for part, (rows, selected, labelled, positives, true, false) in zip(
                self.slicer.parts, self._counts.T.tolist(), strict=True
            )
        ]
