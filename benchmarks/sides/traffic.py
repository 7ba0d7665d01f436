"""What a check compares, made straight from arrays: a version's reference, and a window of its traffic."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.processes import TRAINING_CODE

sys.path.insert(0, str(TRAINING_CODE))

from codec.codec import NUMERIC, Codec, Feature
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap
from evaluation.importance import contributions
from monitoring.distributions import Distribution, LevelCounts, NumberCounts
from monitoring.observed import Observed, SliceCounts, Truths
from monitoring.reference import Attribution, Metric, Reference
from serving.artifact import Artifact

MOST_EDGES = 255
LARGEST_SAMPLE = 2000

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]


def baseline_numbers(values: Floats) -> NumberCounts:
    """values: NaN is missing."""
    present = values[~np.isnan(values)]
    ranks = np.linspace(0, 1, MOST_EDGES + 1)[1:]
    edges = np.unique(np.quantile(present, ranks, method="inverted_cdf")) if len(present) else np.empty(0)
    return _counted(values, edges, *((present.min(), present.max()) if len(present) else (np.nan, np.nan)))


def window_numbers(values: Floats, baseline: NumberCounts, unreadable: int = 0) -> NumberCounts:
    return _counted(values, baseline.edges, baseline.minimum, baseline.maximum, unreadable)


def _counted(values: Floats, edges: Floats, lowest: float, highest: float, unreadable: int = 0) -> NumberCounts:
    present = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, present), minlength=len(edges) + 1)
    figures = [present.min(), present.max(), present.mean(), present.std()] if len(present) else [np.nan] * 4
    return NumberCounts(
        edges,
        counts,
        len(values) - len(present),
        *map(float, figures),
        unreadable=unreadable,
        below=int((present < lowest).sum()),
        above=int((present > highest).sum()),
        whole=bool((present == np.floor(present)).all()),
    )


def count_levels(codes: Floats, levels: tuple[str, ...]) -> LevelCounts:
    """codes: positions of levels; beyond them: unseen; NaN is missing."""
    known = codes[~np.isnan(codes)].astype(np.int64)
    counts = np.bincount(known, minlength=len(levels))
    unseen = int(counts[len(levels) :].sum())
    held = dict(zip(levels, counts.tolist(), strict=False))
    return LevelCounts(held, len(codes) - len(known), unseen, {"new": unseen} if unseen else {})


def _seen(counts: LevelCounts) -> LevelCounts:
    """A baseline lists the levels that its rows have."""
    return LevelCounts({level: count for level, count in counts.counts.items() if count}, counts.missing)


def _within(counts: LevelCounts, baseline: LevelCounts) -> LevelCounts:
    """Levels that the baseline lacks are unseen."""
    unseen = {level: count for level, count in counts.counts.items() if count and level not in baseline.counts}
    known = {level: counts.counts.get(level, 0) for level in baseline.counts}
    examples = {**unseen, **counts.unseen_examples}
    return LevelCounts(known, counts.missing, counts.unseen + sum(unseen.values()), examples)


def baseline_of(feature: Feature, column: Floats) -> Distribution:
    return baseline_numbers(column) if feature.type == NUMERIC else _seen(count_levels(column, feature.levels))


def window_of(feature: Feature, column: Floats, baseline: Distribution) -> Distribution:
    if isinstance(baseline, NumberCounts):
        return window_numbers(column, baseline)
    return _within(count_levels(column, feature.levels), baseline)


@dataclass(frozen=True)
class Version:
    """A binary model in production. slice_column: a categorical feature."""

    artifact: Artifact
    reference: Reference
    slice_column: str | None

    def window(self, rows: Matrix, labels: Floats | None = None) -> Observed:
        """labels: 0 or 1, where all are known by now."""
        codec, known = self.artifact.codec, self.reference
        scores = scores_of(self.artifact, rows)
        return Observed(
            requests=len(rows),
            rows=len(rows),
            features={
                feature.name: window_of(feature, column, known.features[feature.name])
                for feature, column in _columns(codec, rows)
            },
            outputs={"score": window_numbers(scores, known.outputs["score"])},
            labels=predicted_labels(scores, codec),
            sample=np.ascontiguousarray(rows[:LARGEST_SAMPLE]),
            slices={found.place: found for found in slices(codec, self.slice_column, rows, scores, labels)},
            truth=Truths() if labels is None else _truths(labels, scores),
            kept_rows=0 if labels is None else len(labels),
        )


def _truths(labels: Floats, scores: Floats) -> Truths:
    return Truths(labels, scores, (scores >= 0.5).astype(np.int64), requests=len(labels))


def _columns(codec: Codec, rows: Matrix) -> list[tuple[Feature, Floats]]:
    return [(feature, rows[:, place].astype(np.float64)) for place, feature in enumerate(codec.features)]


def scores_of(artifact: Artifact, rows: Matrix) -> Floats:
    found: Floats = artifact.booster.inplace_predict(rows, validate_features=False).astype(np.float64)
    return found


def predicted_labels(scores: Floats, codec: Codec) -> LevelCounts:
    negative, positive = codec.target.classes
    selected = int((scores >= 0.5).sum())
    return LevelCounts({negative: len(scores) - selected, positive: selected}, 0)


def slices(
    codec: Codec, column: str | None, rows: Matrix, scores: Floats, labels: Floats | None
) -> tuple[SliceCounts, ...]:
    if column is None:
        return ()
    place = codec.names.index(column)
    selected = scores >= 0.5
    found = []
    for code, level in enumerate(codec.features[place].levels):
        held = rows[:, place] == code
        counts = [held.sum(), (held & selected).sum()]
        if labels is not None:
            positive = held & (labels == 1)
            counts += [held.sum(), positive.sum(), (positive & selected).sum(), (held & selected & ~positive).sum()]
        found.append(SliceCounts(column, level, "value", *map(int, counts)))
    return tuple(found)


def version_of(
    artifact: Artifact, training: Matrix, test: Matrix, labels: Floats, slice_column: str | None = None
) -> Version:
    """labels: of the test rows."""
    codec = artifact.codec
    scores = scores_of(artifact, test)
    contributed: Any = contributions(artifact, test)
    means: Callable[[Any], list[float]] = lambda values: values.mean(axis=0).tolist()  # noqa: E731
    attributed = zip(codec.names, means(np.abs(contributed)), means(contributed), strict=True)
    metrics = Binary(0.5).metrics(labels, scores, Bootstrap())
    reference = Reference(
        task="binary",
        rows=len(training),
        test_rows=len(test),
        features={feature.name: baseline_of(feature, column) for feature, column in _columns(codec, training)},
        outputs={"score": baseline_numbers(scores)},
        labels=predicted_labels(scores, codec),
        metrics={name: Metric(found["value"], found["standard_deviation"]) for name, found in metrics.items()},
        slices=slices(codec, slice_column, test, scores, labels),
        attributions={name: Attribution(absolute, mean) for name, absolute, mean in attributed},
        threshold=0.5,
        positive_label=codec.target.classes[1],
    )
    return Version(artifact, reference, slice_column)
