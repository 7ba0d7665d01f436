"""Labels as the numbers that scores are held against."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codec.cells import CellError, parse_number
from codec.codec import BINARY, REGRESSION, Floats, Target
from monitoring.captures import UnreadableLine
from monitoring.known_ids import Label
from monitoring.observed import Truths

Keys = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TruthReader:
    target: Target

    def values(self, label: Label, rows: int) -> list[float]:
        """By row of the request: the class's code or the number; NaN where it is not known. Raises UnreadableLine."""
        count = len(label.labels)
        if count > rows or (label.whole and count < rows):
            raise UnreadableLine(f"it holds {count} labels, the request has {rows} rows")
        values = [math.nan if text is None else self._value(text) for text in label.labels]
        return values + [math.nan] * (rows - count)

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


@dataclass
class TruthTally:
    requests: int = 0
    earlier_requests: int = 0
    _parts: list[tuple[Keys, Floats, Floats, Codes]] = field(default_factory=list)

    def add(self, keys: Keys, labels: Floats, scores: Floats, predicted: Codes) -> None:
        self._parts.append((keys, labels, scores, predicted))

    def join(self, other: "TruthTally") -> None:
        self.requests += other.requests
        self.earlier_requests += other.earlier_requests
        self._parts += other._parts

    def truths(self, has_classes: bool, **counts: int) -> Truths:
        """In the order of the rows' keys, so that the order they came in does not matter. counts: of labels."""
        counts |= {"requests": self.requests, "earlier_requests": self.earlier_requests}
        if not self._parts:
            return Truths(**counts)
        keys, labels, scores, predicted = (np.concatenate(parts) for parts in zip(*self._parts, strict=True))
        order = np.argsort(keys, kind="stable")
        codes = predicted[order] if has_classes else np.empty(0, dtype=np.int64)
        return Truths(labels[order], scores[order], codes, **counts)
