"""What is counted of a window's requests; the tallies of several processes are joined to one."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.cells import CellError
from codec.codec import MULTICLASS, Codec
from monitoring.answered import NO_CODE
from monitoring.drawn import Drawn, DrawnRow
from monitoring.observed import Observed
from monitoring.reference import Reference
from monitoring.request_rows import RequestRows
from monitoring.slicing import SliceTally, slicers
from monitoring.tallies import LevelTally, NumberTally, Tally, TextCounts, tally_of
from monitoring.truths import MEASURED_ROWS, TruthTally
from monitoring.unreadable import UnreadableLog

SAMPLE_ROWS, EXAMPLES, SHOWN_UNKNOWN = 2000, 50, 50

REQUESTS, ROWS, DUPLICATES, LATE = "requests", "rows", "duplicates", "late"
OTHER_VERSIONS, OUTSIDE_WINDOW, UNANSWERED = "other_versions", "outside_window", "unanswered"
COUNTED = (REQUESTS, ROWS, DUPLICATES, LATE, OTHER_VERSIONS, OUTSIDE_WINDOW, UNANSWERED)


class WindowTally:
    """Holds nothing that cannot go from one process to another."""

    def __init__(
        self, codec: Codec, columns: Sequence[str], reference: Reference, measured_rows: int = MEASURED_ROWS
    ) -> None:
        """columns: of the rows that will come; a slice by another column cannot be counted.

        measured_rows: see truths.py.
        """
        missing, held = codec.missing_values, reference.features
        target = codec.target
        self.counts: Counter[str] = Counter()
        self.unreadable = UnreadableLog()
        self.truths = TruthTally(len(target.classes) if target.task == MULTICLASS else 1, measured_rows)
        self.features: dict[str, Tally] = {name: tally_of(held[name], missing) for name in codec.names if name in held}
        self.outputs = {name: NumberTally(found) for name, found in reference.outputs.items()}
        self.labels = None if reference.labels is None else LevelTally(reference.labels)
        self.slices = [SliceTally(slicer) for slicer in slicers(reference.slices, codec) if slicer.column in columns]
        self.unknown, self.absent = TextCounts(), Counter[str]()
        self.drawn = Drawn(SAMPLE_ROWS)

    def join(self, other: "WindowTally") -> None:
        """Both are of the same reference."""
        self.counts.update(other.counts)
        self.unreadable.join(other.unreadable)
        self.truths.join(other.truths)
        for name, feature in self.features.items():
            feature.join(other.features[name])  # type: ignore[arg-type]
        for name, output in self.outputs.items():
            output.join(other.outputs[name])
        if self.labels is not None and other.labels is not None:
            self.labels.join(other.labels)
        for mine, theirs in zip(self.slices, other.slices, strict=True):
            mine.join(theirs)
        self.unknown.join(other.unknown)
        self.absent.update(other.absent)
        self.drawn.join(other.drawn)

    def add_columns(self, request: RequestRows) -> None:
        """Columns that were sent and are not known, and features that were not sent."""
        if request.absent:
            self.absent.update(request.absent)
        for name, rows in request.unknown.items():
            self.unknown.add(name, rows)

    def observed(self, codec: Codec, **labels: int) -> Observed:
        """labels: duplicates, conflicting and unmatched ones, see Truths."""
        drawn = self.drawn.rows()
        return Observed(
            **{name: self.counts[name] for name in COUNTED},
            features={name: tally.counts() for name, tally in self.features.items()},
            outputs={name: tally.counts() for name, tally in self.outputs.items()},
            labels=None if self.labels is None else self.labels.counts(),
            sample=_encoded(codec, drawn),
            unreadable=self.unreadable.found(),
            unknown_columns=self.unknown.most(SHOWN_UNKNOWN),
            absent_columns=dict(sorted(self.absent.items())),
            examples=tuple(_example(codec, row) for row in drawn[:EXAMPLES]),
            slices={part.place: part for tally in self.slices for part in tally.counts()},
            truth=self.truths.truths(self.labels is not None, **labels),
        )


def _encoded(codec: Codec, drawn: Sequence[DrawnRow]) -> npt.NDArray[np.float32]:
    """A row that the model answered and that cannot be encoded is of another model's making: it is left out."""
    rows = []
    for row in drawn:
        try:
            rows.append([encode(cell) for encode, cell in zip(codec.encoders, row.cells, strict=True)])
        except CellError:
            continue
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(codec.names))


def _example(codec: Codec, row: DrawnRow) -> Mapping[str, Any]:
    answer: dict[str, Any] = {}
    if not math.isnan(row.score):
        answer = {"score": row.score}
    elif row.code != NO_CODE:
        answer = {"label": codec.target.classes[row.code]}
    return {"record": dict(zip(codec.names, row.cells, strict=True)), **answer, "event_id": row.event_id}
