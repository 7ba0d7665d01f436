"""The test set's parts by the values of a column, and the metrics of each part.

Text: its most frequent values, then the others together. Numbers: the quarters between the test set's quartiles, or
each value where there are few. Missing cells are a part of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codec.arrow import encode_column
from codec.cells import CellError, cell_text, parse_number
from codec.codec import NUMERIC, Codec, Feature, Floats
from evaluation.artifacts import Task
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap, Metrics
from evaluation.paired import Judged, differences
from evaluation.regression import Regression

# Values of a column that are shown by themselves.
MOST_VALUES = 20
# Values that are counted; a value that first appears after so many others is one of the others.
COUNTED_VALUES = 10_000
# Slices are many and small: their deviations need no more.
REPLICATES = 100
# Of one part's resampled rows, to compare two models on it.
PAIRED_ROWS = 5000

MISSING, OTHER = -1, -2


@dataclass(frozen=True)
class Part:
    """kind: value, range, other or missing; it tells a value "other" from the other values."""

    value: str
    kind: str
    rows: npt.NDArray[np.bool_]


@dataclass
class TextColumn:
    """Per row the position of its text among the distinct ones; MISSING; OTHER of what is not counted."""

    missing_values: frozenset[str]
    codes: list[npt.NDArray[np.int32]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)

    def add(self, column: pa.Array) -> None:
        distinct = column.dictionary_encode()
        codes = np.array([self._code(cell_text(text)) for text in distinct.dictionary.to_pylist()], dtype=np.int32)
        self.codes.append(codes[np.from_dlpack(distinct.indices)])

    def _code(self, text: str) -> int:
        if not text or text in self.missing_values:
            return MISSING
        if text not in self.positions and len(self.positions) >= COUNTED_VALUES:
            return OTHER
        return self.positions.setdefault(text, len(self.positions))

    def parts(self) -> Iterator[Part]:
        codes, texts = np.concatenate(self.codes), list(self.positions)
        numbers = self._numbers() if len(texts) > MOST_VALUES and not np.any(codes == OTHER) else None
        if numbers is not None:
            yield from number_parts(np.append(numbers, np.nan)[codes])
            return
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        shown = sorted(range(len(texts)), key=lambda code: (-counts[code], texts[code]))[:MOST_VALUES]
        for code in shown:
            yield Part(texts[code], "value", codes == code)
        yield Part("other", "other", (codes != MISSING) & ~np.isin(codes, shown))
        yield Part("missing", "missing", codes == MISSING)

    def _numbers(self) -> Floats | None:
        """The distinct texts as numbers; None where some text is none."""
        try:
            return np.array([parse_number(text, frozenset()) for text in self.positions])
        except CellError:
            return None


@dataclass
class NumberColumn:
    feature: Feature
    missing_values: frozenset[str]
    numbers: list[Floats] = field(default_factory=list)

    def add(self, column: pa.Array) -> None:
        """A cell that is no number stops the scoring itself, with its row."""
        self.numbers.append(encode_column(self.feature, self.missing_values, column)[0])

    def parts(self) -> Iterator[Part]:
        yield from number_parts(np.concatenate(self.numbers))


SliceColumn = TextColumn | NumberColumn


def slice_columns(names: tuple[str, ...], codec: Codec) -> dict[str, SliceColumn]:
    """The model's numeric features are numbers. Any other raw column is text, cut like numbers where all its many
    values are some."""
    features = {feature.name: feature for feature in codec.features}
    columns: dict[str, SliceColumn] = {}
    for name in names:
        feature = features.get(name)
        if feature is not None and feature.type == NUMERIC:
            # Not filled: a missing number is a part of its own.
            columns[name] = NumberColumn(replace(feature, fill=None), codec.missing_values)
        else:
            columns[name] = TextColumn(codec.missing_values)
    return columns


def number_parts(numbers: Floats) -> Iterator[Part]:
    """NaN is missing. At most four distinct numbers are their own parts."""
    missing = np.isnan(numbers)
    known = numbers[~missing]
    distinct = np.unique(known)
    if len(distinct) <= 4:
        for number in distinct:
            yield Part(f"{number:.12g}", "value", numbers == number)
    else:
        yield from _quarters(numbers, np.unique(np.quantile(known, (0.25, 0.5, 0.75))))
    yield Part("missing", "missing", missing)


def _quarters(numbers: Floats, edges: Floats) -> Iterator[Part]:
    """An edge belongs to the part below it."""
    quarter = np.where(np.isnan(numbers), MISSING, np.searchsorted(edges, numbers))
    shown = [f"{edge:.6g}" for edge in edges]
    names = [f"up to {shown[0]}"]
    names += [f"above {low} up to {high}" for low, high in pairwise(shown)]
    names += [f"above {shown[-1]}"]
    for position, name in enumerate(names):
        yield Part(name, "range", quarter == position)


def slice_documents(
    columns: Mapping[str, SliceColumn],
    labels: Floats,
    challenger: Judged,
    champion: Judged | None,
    bootstrap: Bootstrap,
) -> list[dict[str, Any]]:
    """For evaluation.json: the metrics of every part that holds a row, and how far the models differ on it.

    Null where a part is too small for one. rarest_class_count: see _rarest; null for a number.
    """
    fewer = replace(bootstrap, replicates=min(REPLICATES, bootstrap.replicates))
    documents = []
    for name, part in ((name, part) for name, column in columns.items() for part in column.parts()):
        if not part.rows.any():
            continue
        held, ours = labels[part.rows], challenger.at(part.rows)
        metrics = ours.task.metrics(held, ours.scores, fewer)
        document = {
            "column": name,
            "value": part.value,
            "kind": part.kind,
            "item_count": len(held),
            "rarest_class_count": _rarest(held, ours.task),
            "metrics": metrics,
        }
        compared = _compared(held, ours, metrics, champion.at(part.rows), fewer) if champion else None
        documents.append({**document, "champion": compared})
    return documents


def _rarest(labels: Floats, task: Task) -> int | None:
    """Rows of the rarer of two classes, 0 where one is absent; of several, of the rarest one that has any."""
    if isinstance(task, Regression):
        return None
    counts = np.bincount(labels.astype(np.int64), minlength=2)
    return int(counts.min() if isinstance(task, Binary) else counts[counts > 0].min())


def _compared(labels: Floats, ours: Judged, metrics: Metrics, champion: Judged, bootstrap: Bootstrap) -> dict[str, Any]:
    measured = (metrics, champion.values(labels))
    return {"differences": differences(labels, (ours, champion), measured, bootstrap, PAIRED_ROWS)}
