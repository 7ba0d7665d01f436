"""One pass over the holdout: labels, the scores of both models, and what slices and golden records need of it.

Per row only numbers are kept. The champion is scored on the same rows, through its own codec.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codec.arrow import encode_column, encode_table
from codec.cells import CellError
from codec.codec import MULTICLASS, NUMERIC, REGRESSION, Codec, Feature, Floats, Target
from evaluation.artifacts import check_comparable, common_classes, first_line, open_artifact, task_of
from evaluation.holdout import Batch, read_holdout
from evaluation.importance import MOST_ROWS
from evaluation.paired import Judged
from evaluation.row_sample import RowSample
from evaluation.slices import SliceColumn
from job import BadData
from serving.artifact import Artifact

GOLDEN_RECORDS = 100
SHOWN_CLASSES = 5

Scores = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float32]


@dataclass
class Scorer:
    """A model, and its scores of the rows so far."""

    artifact: Artifact
    scored: list[Scores] = field(default_factory=list)

    def add(self, batch: Batch) -> Matrix:
        """The rows as the model sees them."""
        codec = self.artifact.codec
        held = set(batch.cells.schema.names)
        absent = [name for name in codec.names if name not in held]
        if absent:
            raise BadData(f"The model needs the column {', '.join(absent)}, which the holdout lacks.")
        try:
            encoded = _encode(codec, batch)
            scores = self.artifact.booster.inplace_predict(encoded, validate_features=False)
        except ValueError as error:
            raise BadData(f"The model cannot score the holdout: {first_line(error)}.") from error
        self._check(scores, batch.cells.num_rows)
        self.scored.append(scores)
        return encoded

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

    def judged(self, target: Target) -> Judged | None:
        """Its scores for the challenger's target; None where it could not be scored."""
        if self.scorer is None:
            return None
        artifact = self.scorer.artifact
        return Judged(task_of(artifact, common_classes(target, artifact.codec.target)), self.scores_for(target))

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
    """labels: (rows,), class codes or numbers. records: the first raw rows by name, without the target.

    sample: some rows as the challenger sees them, in no order.
    """

    challenger: Artifact
    champion: Champion | None
    labels: Floats
    scores: Scores
    slices: Mapping[str, SliceColumn]
    records: list[dict[str, str]]
    sample: Matrix

    @property
    def target(self) -> Target:
        return self.challenger.codec.target

    @cached_property
    def ours(self) -> Judged:
        return Judged(task_of(self.challenger, self.target.classes), self.scores)

    @cached_property
    def theirs(self) -> Judged | None:
        """The champion's scores, where it could be scored."""
        return self.champion.judged(self.target) if self.champion else None


def open_champion(folder: Path, package_arn: str, target: Target) -> Champion | None:
    """None without a champion. One that is known by its ARN alone has lost its artifact."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return Champion(package_arn, error="Its artifact is not there any more.") if package_arn else None
    try:
        artifact = open_artifact(folder)
        check_comparable(artifact.codec.target, target)
    except BadData as error:
        return Champion(package_arn, error=str(error))
    return Champion(package_arn, Scorer(artifact))


def score_holdout(
    folder: Path, challenger: Artifact, champion: Champion | None, slices: Mapping[str, SliceColumn], seed: int = 42
) -> ScoredHoldout:
    """seed: of the sample."""
    scorer, sample = Scorer(challenger), RowSample(MOST_ROWS, seed)
    target = challenger.codec.target
    labels: list[Floats] = []
    records: list[dict[str, str]] = []
    for batch in read_holdout(folder, dict.fromkeys(slices, "evaluation.slices") | {target.name: "the target"}):
        labels.append(read_labels(target, batch))
        sample.add(scorer.add(batch))
        if champion:
            champion.add(batch)
        for name, column in slices.items():
            column.add(batch.cells.column(name))
        records += _records(batch, target, GOLDEN_RECORDS - len(records))
    return ScoredHoldout(challenger, champion, np.concatenate(labels), scorer.scores, slices, records, sample.rows())


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


def _encode(codec: Codec, batch: Batch) -> Matrix:
    try:
        return encode_table(codec, batch.cells, batch.first_row)
    except CellError as error:
        raise CellError(f"{batch.file.name}, {error}") from None


def _records(batch: Batch, target: Target, most: int) -> list[dict[str, str]]:
    if most <= 0:
        return []
    kept = [name for name in batch.cells.schema.names if name != target.name]
    rows: list[dict[str, Any]] = pa.RecordBatch.select(batch.cells.slice(0, most), kept).to_pylist()
    return rows
