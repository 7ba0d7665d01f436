"""One pass over the holdout: labels, the scores of both models, and what slices and golden records need of it.

Per row only numbers are kept. The champion is scored on the same rows, through its own codec.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codec.arrow import encode_column, encode_table
from codec.cells import CellError
from codec.codec import MULTICLASS, NUMERIC, REGRESSION, Codec, Feature, Floats, Target
from evaluation.artifacts import check_comparable, common_classes, first_line, open_artifact
from evaluation.holdout import Batch, read_holdout
from evaluation.slices import SliceColumn
from job import BadData
from serving.artifact import Artifact

GOLDEN_RECORDS = 100
SHOWN_CLASSES = 5

Scores = npt.NDArray[np.float32]


@dataclass
class Scorer:
    """A model, and its scores of the rows so far."""

    artifact: Artifact
    scored: list[Scores] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        codec = self.artifact.codec
        held = set(batch.cells.schema.names)
        absent = [name for name in codec.names if name not in held]
        if absent:
            raise BadData(f"The model needs the column {', '.join(absent)}, which the holdout lacks.")
        try:
            scores = self.artifact.booster.inplace_predict(_encode(codec, batch), validate_features=False)
        except ValueError as error:
            raise BadData(f"The model cannot score the holdout: {first_line(error)}.") from error
        self._check(scores, batch.cells.num_rows)
        self.scored.append(scores)

    def _check(self, scores: Scores, rows: int) -> None:
        target = self.artifact.codec.target
        expected = (rows, len(target.classes)) if target.task == MULTICLASS else (rows,)
        if scores.shape != expected:
            raise BadData(
                f"model.ubj gives scores of shape {scores.shape} to {rows} rows, features.json says {target.task} "
                f"with {len(target.classes)} classes: both are of different models. Train it again."
            )
        if not np.isfinite(scores).all():
            raise BadData("The model gives scores that are not numbers: train it again.")

    @property
    def scores(self) -> Scores:
        """Joined once: the batches' own arrays are let go."""
        self.scored = [np.concatenate(self.scored)]
        return self.scored[0]


@dataclass
class Champion:
    """The model that is live. One that cannot be scored does not stop the challenger: the gate sees the error."""

    package_arn: str
    scorer: Scorer | None = None
    error: str | None = None

    def add(self, batch: Batch) -> None:
        if self.scorer is None:
            return
        try:
            self.scorer.add(batch)
        except BadData as error:
            self.scorer, self.error = None, str(error)

    def scores_for(self, target: Target) -> Scores:
        """Of several classes: a column for each of common_classes, 0 where the champion does not know the class."""
        if self.scorer is None:
            raise BadData(str(self.error))
        own = self.scorer.artifact.codec.target
        if target.task != MULTICLASS:
            return self.scorer.scores
        classes = common_classes(target, own)
        scores = np.zeros((sum(map(len, self.scorer.scored)), len(classes)), dtype=np.float32)
        scores[:, [classes.index(label) for label in own.classes]] = self.scorer.scores
        return scores


@dataclass(frozen=True)
class ScoredHoldout:
    """labels: (rows,), class codes or numbers. records: the first raw rows by name, without the target."""

    labels: Floats
    scores: Scores
    slices: Mapping[str, SliceColumn]
    records: list[dict[str, str]]


def open_champion(folder: Path, package_arn: str, target: Target) -> Champion | None:
    """None without a champion."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    try:
        artifact = open_artifact(folder)
        check_comparable(artifact.codec.target, target)
    except BadData as error:
        return Champion(package_arn, error=str(error))
    return Champion(package_arn, Scorer(artifact))


def score_holdout(
    folder: Path, challenger: Artifact, champion: Champion | None, slices: Mapping[str, SliceColumn]
) -> ScoredHoldout:
    scorer = Scorer(challenger)
    target = challenger.codec.target
    labels: list[Floats] = []
    records: list[dict[str, str]] = []
    for batch in read_holdout(folder, dict.fromkeys(slices, "evaluation.slices") | {target.name: "the target"}):
        labels.append(read_labels(target, batch))
        scorer.add(batch)
        if champion:
            champion.add(batch)
        for name, column in slices.items():
            column.add(batch.cells.column(name))
        records += _records(batch, target, GOLDEN_RECORDS - len(records))
    return ScoredHoldout(np.concatenate(labels), scorer.scores, slices, records)


def read_labels(target: Target, batch: Batch) -> Floats:
    """The batch's class codes or numbers. BadData names the row that has neither."""
    column = batch.cells.column(target.name)
    if target.task == REGRESSION:
        values, _ = encode_column(Feature(target.name, NUMERIC), frozenset(), column)
    else:
        distinct = column.dictionary_encode()
        codes = [target.value(text) for text in distinct.dictionary.to_pylist()]
        values = np.array([np.nan if code is None else code for code in codes])[np.from_dlpack(distinct.indices)]
    bad = np.flatnonzero(np.isnan(values))
    if len(bad):
        cell = column[int(bad[0])].as_py()
        raise BadData(
            f"The holdout's {batch.where(int(bad[0]), target.name)}: {cell!r} is {_expected(target)}. "
            "Model and holdout are of different runs."
        )
    return values


def _expected(target: Target) -> str:
    if target.task == REGRESSION:
        return "not a number"
    if target.task != MULTICLASS:
        return f"neither {target.classes[1]!r} nor {target.classes[0]!r}"
    shown = ", ".join(repr(label) for label in target.classes[:SHOWN_CLASSES])
    return f"none of the classes {shown}{', …' if len(target.classes) > SHOWN_CLASSES else ''}"


def _encode(codec: Codec, batch: Batch) -> npt.NDArray[np.float32]:
    try:
        return encode_table(codec, batch.cells)
    except CellError:
        raise _located(codec, batch) from None


def _located(codec: Codec, batch: Batch) -> CellError:
    """encode_table counts a batch's rows; a person counts the file's."""
    found: list[tuple[int, int, str]] = []
    for position, feature in enumerate(codec.features):
        _, reasons = encode_column(feature, codec.missing_values, batch.cells.column(feature.name))
        found += [(row, position, reason) for row, reason in reasons.items()]
    row, position, reason = min(found)
    return CellError(f"{batch.where(row, codec.names[position])}: {reason}")


def _records(batch: Batch, target: Target, most: int) -> list[dict[str, str]]:
    if most <= 0:
        return []
    kept = [name for name in batch.cells.schema.names if name != target.name]
    rows: list[dict[str, Any]] = pa.RecordBatch.select(batch.cells.slice(0, most), kept).to_pylist()
    return rows
