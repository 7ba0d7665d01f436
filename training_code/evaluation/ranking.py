"""A binary test set by falling score, as counts: all that its metrics need, and what the bootstrap resamples."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.codec import Floats
from evaluation.calibration import bin_of

# Groups that a resampled ranking has at most, besides those that a threshold or a bin's edge cuts.
COARSE_GROUPS = 1000


@dataclass(frozen=True)
class Ranking:
    """Groups of rows with (nearly) the same score. counts, scores, losses, errors: (2, groups), negatives first.

    scores, losses (log loss) and errors (squared) are means over the group's rows of that label. predicted: whether
    the group counts as positive, 0 or 1. bins: the group's calibration bin. No group lies on both sides of an edge.
    highest: the group's highest score.
    """

    counts: Floats
    scores: Floats
    losses: Floats
    errors: Floats
    predicted: Floats
    bins: npt.NDArray[np.int64]
    highest: Floats

    def groups_of(self, scores: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The group that each of the ranked rows is in, by its score."""
        return np.searchsorted(-self.highest, -np.asarray(scores, dtype=np.float64), side="right") - 1


def rank(labels: npt.ArrayLike, scores: npt.ArrayLike, threshold: float) -> Ranking:
    """labels: 0 or 1. One group for each distinct score: every metric of it is exact."""
    y, p = np.asarray(labels, dtype=np.float64), np.asarray(scores)
    order = np.argsort(-p)
    y, p = y[order], p[order]
    starts = np.flatnonzero(np.diff(p, prepend=np.inf))
    positive = np.add.reduceat(y, starts)
    counts = np.stack([np.diff(starts, append=len(p)) - positive, positive])
    distinct = p[starts].astype(np.float64)
    # A score of exactly 0 or 1 that is wrong would cost infinitely much.
    clipped = np.clip(distinct, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
    return Ranking(
        counts=counts,
        scores=np.stack([distinct, distinct]),
        losses=np.stack([-np.log1p(-clipped), -np.log(clipped)]),
        errors=np.stack([distinct**2, (1 - distinct) ** 2]),
        predicted=(distinct >= threshold).astype(np.float64),
        bins=bin_of(distinct),
        highest=distinct,
    )


def coarse(ranking: Ranking, most: int = COARSE_GROUPS) -> Ranking:
    """Neighbouring groups merged into about `most` of equally many rows; the ranking itself where it has no more.

    What a group of a large test set loses is the order among scores that differ by about a thousandth of its rows:
    nothing beside what the bootstrap measures.
    """
    if ranking.counts.shape[1] <= most:
        return ranking
    rows = ranking.counts.sum(axis=0)
    quantile = (np.cumsum(rows) - rows / 2) // (rows.sum() / most)
    changes = [np.diff(key, prepend=-1) != 0 for key in (quantile, ranking.predicted, ranking.bins)]
    starts = np.flatnonzero(np.logical_or.reduce(changes))
    counts = np.add.reduceat(ranking.counts, starts, axis=1)

    def merged(means: Floats) -> Floats:
        sums = np.add.reduceat(ranking.counts * means, starts, axis=1)
        result: Floats = sums / np.maximum(counts, 1)
        return result

    return Ranking(
        counts=counts,
        scores=merged(ranking.scores),
        losses=merged(ranking.losses),
        errors=merged(ranking.errors),
        predicted=ranking.predicted[starts],
        bins=ranking.bins[starts],
        highest=ranking.highest[starts],
    )


def area_under_roc(negative: Floats, positive: Floats) -> Floats:
    """Counts by falling score, (…, groups) → (…). Equal scores count half. NaN with one class only."""
    seen = np.cumsum(positive, axis=-1)
    wins = (negative * (seen - positive / 2)).sum(axis=-1)
    pairs = negative.sum(axis=-1) * seen[..., -1]
    area: Floats = np.divide(wins, pairs, out=np.full(np.shape(pairs), np.nan), where=pairs > 0)
    return area


def average_precision(negative: Floats, positive: Floats) -> Floats:
    """The area under the precision-recall curve by steps, not trapezoids, which would be too kind."""
    true = np.cumsum(positive, axis=-1)
    seen = np.cumsum(negative + positive, axis=-1)
    precision = np.divide(true, seen, out=np.zeros(true.shape), where=seen > 0)
    total = true[..., -1]
    defined = (total > 0) & (seen[..., -1] > total)
    gained = (positive * precision).sum(axis=-1)
    area: Floats = np.divide(gained, total, out=np.full(np.shape(total), np.nan), where=defined)
    return area
