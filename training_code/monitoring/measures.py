"""How far a window's values lie from the baseline's, and whether chance could have brought them there.

Distances: Kolmogorov-Smirnov on the baseline's edges; the population stability index over its deciles; the
Jensen-Shannon distance to base 2 of levels. The tests know how many rows both sides have. docs/monitoring-statistics.md
says why these, and how they err.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.spatial.distance import jensenshannon

from codec.codec import Floats
from evaluation.drift import stability_index
from monitoring.distributions import Counts, LevelCounts, NumberCounts

# Below this a chi-square's expected count is no longer near enough to normal (Cochran 1954): levels are pooled.
LEAST_EXPECTED = 5.0
DECILES = np.arange(1, 10) / 10


@dataclass(frozen=True)
class Compared:
    """p_value: None where nothing could be tested, as there are too few rows or a single bin."""

    distance: float
    statistic: float
    p_value: float | None


def kolmogorov_smirnov(now: NumberCounts, baseline: NumberCounts) -> Compared:
    """The largest gap of the cumulative distributions at the edges and just below the baseline's minimum.

    Both have the baseline's edges. The p-value is that of two samples of continuous values; equal values make the true
    one smaller still. So does looking at the edges only.
    """
    gaps = np.abs(_reached(now) - _reached(baseline))
    distance = float(max(gaps.max(initial=0.0), now.below / now.present))
    rows = now.present * baseline.present / (now.present + baseline.present)
    return Compared(distance, distance, float(stats.kstwo.sf(distance, max(1, round(rows)))))


def _reached(counts: NumberCounts) -> Floats:
    reached: Floats = np.cumsum(counts.counts)[: len(counts.edges)] / counts.present
    return reached


def decile_places(baseline: NumberCounts) -> npt.NDArray[np.int64]:
    """Positions of the edges that cut the baseline into about ten equal parts; fewer where values repeat."""
    cumulative = np.cumsum(baseline.counts)
    places = np.unique(np.searchsorted(cumulative, DECILES * baseline.present))
    # From the last edge on there is no row of the baseline.
    return places[cumulative[places] < baseline.present]


def merged(counts: Counts, places: npt.NDArray[np.int64]) -> Counts:
    """counts by the bins that the edges at these places leave."""
    return np.add.reduceat(counts, np.concatenate([[0], places + 1]))


def population_stability(now: NumberCounts, baseline: NumberCounts) -> Compared:
    """distance: the index over the baseline's deciles, present values only; statistic: chi-square's."""
    places = decile_places(baseline)
    actual, expected = merged(now.counts, places), merged(baseline.counts, places)
    statistic, p_value = _homogeneity(np.stack([actual, expected]))
    index = stability_index(actual.astype(np.float64), expected.astype(np.float64))
    return Compared(index, statistic, p_value)


def jensen_shannon(now: LevelCounts, baseline: LevelCounts) -> Compared:
    """Over the levels, those never seen before, and missing cells. statistic and p-value: chi-square's, rare pooled."""
    actual, expected = level_bins(now, baseline), level_bins(baseline, baseline)
    if not actual.any() or not expected.any():
        return Compared(0.0, 0.0, None)
    distance = float(jensenshannon(actual, expected, base=2))
    # Rounding may leave the root of something below 0.
    distance = 0.0 if np.isnan(distance) else distance
    return Compared(distance, *_homogeneity(_rare_pooled(np.stack([actual, expected]))))


def level_bins(found: LevelCounts, baseline: LevelCounts) -> Floats:
    """Rows by the baseline's levels, then those of other levels, then missing ones."""
    known = [found.counts.get(level, 0) for level in baseline.counts]
    others = found.present - sum(known)
    return np.array([*known, others, found.missing], dtype=np.float64)


def _rare_pooled(table: Floats) -> Floats:
    """table: level_bins of both. Levels too rare for the test are one, together with those never seen before.

    Of a level that most rows lack, many new ones appear by chance alone: what decides is the total of both sides.
    """
    levels, unseen, missing = table[:, :-2], table[:, -2:-1], table[:, -1:]
    rare = _expected(levels, table) < LEAST_EXPECTED
    pool = levels[:, rare].sum(axis=1, keepdims=True) + unseen
    return np.concatenate([levels[:, ~rare], pool, missing], axis=1)


def _expected(columns: Floats, table: Floats) -> Floats:
    """The smaller of the two counts that are expected without a difference."""
    smallest: Floats = columns.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    return smallest


def _homogeneity(table: npt.NDArray[np.int64] | Floats) -> tuple[float, float | None]:
    """Chi-square statistic and p-value of two rows of counts. Bins too small for the test join the smallest other."""
    table = table[:, table.sum(axis=0) > 0].astype(np.float64)
    while table.shape[1] > 1 and _expected(table, table).min() < LEAST_EXPECTED:
        order = np.argsort(table.sum(axis=0), kind="stable")
        joined = table[:, order[:2]].sum(axis=1, keepdims=True)
        table = np.concatenate([table[:, order[2:]], joined], axis=1)
    if table.shape[1] < 2 or table.sum(axis=1).min() == 0:
        return 0.0, None
    found = stats.chi2_contingency(table, correction=False)
    return float(found.statistic), float(found.pvalue)


def growth(now: int, rows: int, before: int, before_rows: int) -> float | None:
    """p-value of a share that grew: Fisher's exact test, one-sided.

    None where no row of either side has it: no outcome could have been significant (Tarone 1990), so there is no test.
    """
    if now + before == 0 or rows == 0 or before_rows == 0:
        return None
    table = [[now, rows - now], [before, before_rows - before]]
    return float(stats.fisher_exact(table, alternative="greater").pvalue)


def beyond_extremes(outside: int, rows: int, baseline_rows: int) -> float | None:
    """p-value of so many values beyond the smallest and largest of baseline_rows, whatever the distribution.

    Among rows and baseline_rows values in random order, that many new ones stand before the second of the baseline's
    (Wilks 1941): a new maximum now and then is no drift.
    """
    if rows == 0 or baseline_rows < 2:
        return None
    if outside == 0:
        return 1.0
    return float(stats.hypergeom.cdf(1, rows + baseline_rows, baseline_rows, min(outside + 1, rows + baseline_rows)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted for that many tests (Holm 1979): at most this chance that any of the smaller ones is a false alarm."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, reached = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = reached
    return adjusted


def finite(value: float) -> float | None:
    """For JSON, which has no NaN."""
    return float(value) if np.isfinite(value) else None


def share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def singletons(levels: Iterable[int]) -> int:
    """Levels that one row has: as many new rows of unseen levels are to be expected, by share (Good 1953)."""
    return sum(count == 1 for count in levels)
