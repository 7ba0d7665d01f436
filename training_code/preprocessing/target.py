"""What the target column holds: which labels are classes, and which rows have none of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from codec.cells import cell_text
from codec.codec import BINARY, REGRESSION, Target
from definition import DataDefinition
from job import BadData
from preprocessing.agreement import sum_counts
from preprocessing.batch_encoding import TARGET
from preprocessing.ingest import Ingested
from preprocessing.rejects import Reject
from preprocessing.spill import Block
from preprocessing.vocabulary import level_counts

SHOWN_LABELS = 5
# More labels than these are numbers or names of rows.
MOST_CLASSES = 1_000

UNKNOWN = -1
Values = npt.NDArray[Any]


class TargetValues:
    """Each row's class or number, and which rows have none."""

    def __init__(self, data: Ingested, target: Target) -> None:
        self._data = data
        self._codes: npt.NDArray[np.int32] | None = None
        self.target = target
        if target.task != REGRESSION:
            cells = data.distinct[TARGET].values if TARGET in data.distinct else []
            codes = [target.codes.get(cell_text(cell), UNKNOWN) for cell in cells]
            self._codes = np.array(codes, dtype=np.int32)

    def read(self, block: Block) -> Values:
        """Class codes (UNKNOWN where the label is no class) or numbers."""
        stored = self._data.spill.read(block, TARGET)
        return stored if self._codes is None else self._codes[stored]

    def unknown(self, block: Block) -> npt.NDArray[np.bool_]:
        if self._codes is None or self._codes.min(initial=0) > UNKNOWN:
            return np.zeros(block.rows, dtype=bool)
        return self.read(block) == UNKNOWN


def agree_target(data: Ingested, definition: DataDefinition, meeting: Meeting) -> Target:
    if definition.task == REGRESSION:
        return Target(definition.target, definition.task)
    counts = sum_counts(meeting, _label_counts(data, frozenset(definition.missing_values)))
    classes = _two_classes(counts, definition) if definition.task == BINARY else _many_classes(counts, definition)
    return Target(definition.target, definition.task, classes)


def _label_counts(data: Ingested, missing_values: frozenset[str]) -> dict[str, int]:
    if TARGET not in data.distinct:
        return {}
    cells = data.distinct[TARGET].values
    counts = np.zeros(len(cells), dtype=np.int64)
    for block in data.spill.blocks:
        counts += np.bincount(data.spill.read(block, TARGET), minlength=len(cells))
    return level_counts(dict(zip(cells, counts.tolist(), strict=True)), missing_values)


def _two_classes(counts: Mapping[str, int], definition: DataDefinition) -> tuple[str, ...]:
    """The negative label is the most frequent value that is not the positive one."""
    positive = str(definition.positive_label)
    if positive not in counts:
        shown = ", ".join(sorted(counts)[:SHOWN_LABELS]) or "only missing cells"
        raise BadData(
            f"Column {definition.target!r} never holds the positive label {positive!r}; it holds: "
            f"{shown}. Correct data.positive_label in model.yaml, or upload data with both classes."
        )
    others = sorted(counts.keys() - {positive}, key=lambda text: (-counts[text], text))
    if not others:
        raise BadData(
            f"Column {definition.target!r} holds {positive!r} in every row: "
            "there is nothing to tell apart. Upload data with both classes."
        )
    return others[0], positive


def _many_classes(counts: Mapping[str, int], definition: DataDefinition) -> tuple[str, ...]:
    """Labels rarer than data.rare_level_min_count are taken for typing errors: their rows are rejected."""
    classes = sorted(label for label, count in counts.items() if count >= definition.rare_level_min_count)
    if len(classes) < 2:
        raise BadData(
            f"Column {definition.target!r} holds {len(classes)} label(s) in at least {definition.rare_level_min_count} "
            "rows (data.rare_level_min_count): two or more are needed. Upload more rows, or name another target."
        )
    if len(classes) > MOST_CLASSES:
        raise BadData(
            f"Column {definition.target!r} holds {len(classes):,} different labels: a target with more than "
            f"{MOST_CLASSES:,} is a number. Set data.task to regression in model.yaml, or name another target."
        )
    return tuple(classes)


def reject_unknown_labels(data: Ingested, values: TargetValues) -> None:
    """Rows whose label is no class, now that the classes are known."""
    cells = data.distinct[TARGET].values if TARGET in data.distinct else []
    for block in data.spill.blocks:
        unknown = values.unknown(block)
        if not unknown.any():
            continue
        data.log.rows += int(np.count_nonzero(unknown & ~data.bad(block)))
        numbers, codes = block.numbers()[unknown], data.spill.read(block, TARGET)[unknown]
        data.log.add(
            Reject(number, values.target.name, cells[code] or "", _why_no_class(values.target))
            for number, code in zip(numbers.tolist(), codes.tolist(), strict=True)
        )


def _why_no_class(target: Target) -> str:
    if target.task == BINARY:
        negative, positive = target.classes
        return f"the target is not {positive!r} or {negative!r}"
    return "the target is missing, or a label of too few rows to learn from"
