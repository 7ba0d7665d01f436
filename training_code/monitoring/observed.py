"""What a window of traffic held, as a check judges it. Only shapes: who reads the captures fills them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Floats
from monitoring.distributions import Distribution, LevelCounts, NumberCounts

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SliceCounts:
    """The rows with one value of a column. kind: as evaluation/slices.py names it (value, range, other, missing).

    selected: called positive; binary tasks only, as are positives, true_positives and false_positives, which are of
    the labelled rows. On the test split every row is labelled.
    """

    column: str
    value: str
    kind: str
    rows: int
    selected: int = 0
    labelled: int = 0
    positives: int = 0
    true_positives: int = 0
    false_positives: int = 0

    @property
    def place(self) -> tuple[str, str, str]:
        return self.column, self.value, self.kind


@dataclass(frozen=True)
class Unreadable:
    """count: lines and records; examples: (file, line, reason) of the first ones."""

    count: int = 0
    examples: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class Truths:
    """Rows whose label is known by now, or a sample of them: those with the lowest keys, see drawn.py.

    labels: the class's code, or the number. scores: (rows,) of binary and regression, (rows, classes) otherwise; NaN
    where an answer held no score. predicted: the answered class's code, -1 where there was none; empty of regression.
    left_out: rows with a label that are not in the sample. requests: labelled ones of those that the check counts;
    earlier_requests: of those that an earlier check has counted. duplicates, conflicting, unmatched: labels, not rows.
    """

    labels: Floats = field(default_factory=lambda: np.empty(0))
    scores: npt.NDArray[np.floating[Any]] = field(default_factory=lambda: np.empty(0))
    predicted: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    left_out: int = 0
    requests: int = 0
    earlier_requests: int = 0
    duplicates: int = 0
    conflicting: int = 0
    unmatched: int = 0

    @property
    def rows(self) -> int:
        """All whose label is known."""
        return len(self.labels) + self.left_out


@dataclass(frozen=True)
class Observed:
    """features, outputs: counted in the reference's edges, its levels; without an entry where nothing could be read.

    A feature whose column was not sent counts as missing, and in absent_columns. unknown_columns: rows by column that
    is neither a feature nor ignored. sample: encoded rows, drawn with a fixed seed; examples: {"record", "score" or
    "label", "event_id"}, drawn likewise. labels: predicted ones, None where answers hold none. kept_rows: labelled ones
    that are kept for training.
    """

    requests: int
    rows: int
    features: Mapping[str, Distribution]
    outputs: Mapping[str, NumberCounts]
    labels: LevelCounts | None
    sample: Matrix
    duplicates: int = 0
    late: int = 0
    other_versions: int = 0
    outside_window: int = 0
    unanswered: int = 0
    unreadable: Unreadable = Unreadable()
    unknown_columns: Mapping[str, int] = field(default_factory=dict)
    absent_columns: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ()
    slices: Mapping[tuple[str, str, str], SliceCounts] = field(default_factory=dict)
    truth: Truths = field(default_factory=Truths)
    kept_rows: int = 0
