"""The target's values: do they suit the task? What a part of the file cannot show is not held against it."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from sluice.definition import Data
from sluice.uploads.errors import UnusableUploadError
from sluice.uploads.header import names

MAX_DISTINCT = 1000
"""Values told apart: more of them are no classes, and would fill the memory."""


class TargetCheck(Protocol):
    def add(self, number: int, text: str) -> None:
        """A known value, and the number of its row in the file, the header being 1."""

    def finish(self, rows: int, complete: bool) -> None:
        """Raises UnusableUploadError."""


def target_check(data: Data) -> TargetCheck:
    return Numbers(data) if data.task == "regression" else Classes(data)


@dataclass
class Classes:
    """Of a binary or multiclass target."""

    data: Data
    values: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, text: str) -> None:
        if text in self.values or len(self.values) <= MAX_DISTINCT:
            self.values[text] += 1

    def finish(self, rows: int, complete: bool) -> None:
        if len(self.values) > MAX_DISTINCT:
            self._refuse(f"more than {MAX_DISTINCT:,} different values: {self._instead()}")
        if not complete:
            return
        values = list(self.values)
        if not values:
            self._refuse("no value in any row: fill it in, or name another column in data.target")
        if len(values) == 1:
            needed = "both classes are" if self.data.task == "binary" else "at least two classes are"
            self._refuse(f"one class only, {values[0]!r} in all rows: {needed} needed to learn")
        if self.data.task == "binary":
            self._check_binary(values)

    def _check_binary(self, values: list[str]) -> None:
        positive = str(self.data.positive_label)
        if positive not in values:
            raise UnusableUploadError(
                f"column {self.data.target!r} never holds the positive label {positive!r}; it holds {names(values)}: "
                "correct data.positive_label in model.yaml or the file"
            )
        if len(values) > 2:
            self._refuse(f"{len(values)} different values, {names(values)}: a binary target has two; {self._instead()}")

    def _instead(self) -> str:
        return "write data.task: multiclass for classes, regression for numbers, or name another column"

    def _refuse(self, held: str) -> None:
        raise UnusableUploadError(f"column {self.data.target!r} holds {held}")


@dataclass
class Numbers:
    """Of a regression's target. As many may be unreadable as a run tolerates."""

    data: Data
    unreadable: int = 0
    first_unreadable: tuple[int, str] = (0, "")
    least: float = math.inf
    greatest: float = -math.inf

    def add(self, number: int, text: str) -> None:
        value = _number(text)
        if value is None:
            self.first_unreadable = self.first_unreadable if self.unreadable else (number, text)
            self.unreadable += 1
            return
        self.least, self.greatest = min(self.least, value), max(self.greatest, value)

    def finish(self, rows: int, complete: bool) -> None:
        tolerated = self.data.max_reject_ratio * rows if complete else rows / 2
        if self.unreadable > tolerated:
            number, text = self.first_unreadable
            raise UnusableUploadError(
                f"row {number}: {text!r} in column {self.data.target!r} is not a number, as are {self.unreadable:,} of "
                f"{rows:,} values; correct the file, or write data.task: multiclass or binary in model.yaml"
            )
        if complete and self.least >= self.greatest:
            raise UnusableUploadError(
                f"column {self.data.target!r} holds less than two different numbers: there is nothing to learn"
            )


def _number(text: str) -> float | None:
    # float() also takes "1_000", which no CSV writer means.
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
