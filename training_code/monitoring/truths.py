"""Labels as the numbers that scores are held against."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.cells import CellError, parse_number
from codec.codec import BINARY, REGRESSION, Floats, Target
from monitoring.captures import UnreadableLine
from monitoring.drawn import HIGHEST
from monitoring.labels import Label
from monitoring.observed import Truths

Keys = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.int64]
# Keys, labels, scores (float32) and codes (int32) of the same rows.
_Columns = tuple[npt.NDArray[Any], ...]

# Rows with one score that metrics are measured on: 24 MB. So many tell an area under the curve to the third digit.
MEASURED_ROWS = 1_000_000


@dataclass(frozen=True)
class TruthReader:
    target: Target

    def values(self, label: Label, rows: int) -> tuple[list[float], list[str]]:
        """By row of the request: the class's code or the number, NaN where it is not known; and what is wrong.

        Raises UnreadableLine where nothing can be told of any row.
        """
        if label.whole and label.count != rows:
            raise UnreadableLine(f"it holds {label.count} labels, the request has {rows} rows")
        values, wrong = [math.nan] * rows, []
        for row, text in label.texts.items():
            if row >= rows:
                wrong.append(f"row {row + 1}: the request has {rows} rows")
                continue
            try:
                values[row] = self._value(text)
            except UnreadableLine as error:
                wrong.append(f"row {row + 1}: {error}")
        return values, wrong

    def _value(self, text: str) -> float:
        found = self.target.value(text)
        if found is None and self.target.task != REGRESSION:
            found = self._as_number(text)
        if found is None:
            known = "a number" if self.target.task == REGRESSION else " or ".join(map(repr, self.target.classes[:5]))
            raise UnreadableLine(f"{text[:40]!r} is not {known}")
        return found

    def _as_number(self, text: str) -> float | None:
        """1.0 is the class "1"; of two classes 1 is also the positive one and 0 the other, whatever they are called."""
        number = _number(text)
        if math.isnan(number):
            return None
        code = next((code for name, code in self.target.codes.items() if _number(name) == number), None)
        if code is None and self.target.task == BINARY and number in (0.0, 1.0):
            return number
        return code


def _number(text: str) -> float:
    try:
        return parse_number(text, frozenset())
    except CellError:
        return math.nan


class TruthTally:
    """All labelled rows are counted; those with the lowest keys are held, see drawn.py, so that memory is bounded."""

    def __init__(self, scores: int, most_rows: int = MEASURED_ROWS) -> None:
        """scores: of a row. most_rows: that are held where a row has one; fewer where it has more."""
        self.requests = self.earlier_requests = self.rows = 0
        self.most = max(1, most_rows * _row_bytes(1) // _row_bytes(scores))
        self._parts: list[_Columns] = []
        self._held = 0
        self._highest = HIGHEST

    def add(self, keys: Keys, labels: Floats, scores: Floats, predicted: Codes) -> None:
        """scores: whole 32-bit floats."""
        self.rows += len(keys)
        low = keys <= np.uint64(self._highest)
        if low.any():
            columns = (keys, labels, scores.astype(np.float32), predicted.astype(np.int32))
            self._hold(tuple(column[low] for column in columns))

    def join(self, other: "TruthTally") -> None:
        self.requests += other.requests
        self.earlier_requests += other.earlier_requests
        self.rows += other.rows
        for part in other._parts:
            self._hold(part)

    def truths(self, has_classes: bool, **counts: int) -> Truths:
        """In the order of the rows' keys, so that the order they came in does not matter. counts: of labels."""
        counts |= {"requests": self.requests, "earlier_requests": self.earlier_requests}
        if not self._parts:
            return Truths(**counts)
        self._cut()
        ((keys, labels, scores, predicted),) = self._parts
        codes = predicted.astype(np.int64) if has_classes else np.empty(0, dtype=np.int64)
        return Truths(labels, scores.astype(np.float64), codes, left_out=self.rows - len(keys), **counts)

    def _hold(self, part: _Columns) -> None:
        self._parts.append(part)
        self._held += len(part[0])
        if self._held > self.most + self.most // 4:
            self._cut()

    def _cut(self) -> None:
        """To one part, of the rows that are kept, by their keys."""
        order = np.argsort(np.concatenate([part[0] for part in self._parts]), kind="stable")[: self.most]
        # One after the other: not all of them twice at a time.
        kept = tuple(np.concatenate([part[at] for part in self._parts])[order] for at in range(len(self._parts[0])))
        self._parts, self._held = [kept], len(order)
        if len(order) == self.most:
            self._highest = int(kept[0][-1])


def _row_bytes(scores: int) -> int:
    """Of a key, a label, the scores and a code."""
    return 20 + 4 * scores
