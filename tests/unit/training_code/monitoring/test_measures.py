"""Distances and tests, against scipy's, statsmodels' and Evidently's on the same data."""

import numpy as np
import pandas as pd
import pytest
from evidently.legacy.calculations.stattests import jensenshannon_stat_test, ks_stat_test, psi_stat_test
from evidently.legacy.core import ColumnType
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from benchmarks.sides.traffic import baseline_numbers, window_numbers
from monitoring.distributions import LevelCounts, NumberCounts
from monitoring.measures import (
    beyond_extremes,
    decile_places,
    growth,
    holm,
    jensen_shannon,
    kolmogorov_smirnov,
    merged,
    population_stability,
)

COUNTS = st.lists(st.integers(0, 400), min_size=2, max_size=8).filter(lambda counts: sum(counts) > 0)
NUMBERS = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=60)


def _pair(now: np.ndarray, then: np.ndarray) -> tuple[NumberCounts, NumberCounts]:
    baseline = baseline_numbers(np.asarray(then, dtype=float))
    return window_numbers(np.asarray(now, dtype=float), baseline), baseline


def _levels(**counts: int) -> LevelCounts:
    return LevelCounts(counts, 0)


@given(NUMBERS, NUMBERS)
def test_kolmogorov_smirnov_is_scipys(now: list[float], drawn: list[float]):
    """Where every value is an edge."""
    then = [*drawn, *map(float, range(-20, 21))]
    found = kolmogorov_smirnov(*_pair(np.array(now), np.array(then)))
    expected = stats.ks_2samp(now, then, method="asymp")
    assert found.distance == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_kolmogorov_smirnov_misses_little_between_edges():
    rng = np.random.default_rng(0)
    now, then = rng.lognormal(0.2, 1, 3000), rng.lognormal(0, 1, 20_000)
    found, expected = kolmogorov_smirnov(*_pair(now, then)), stats.ks_2samp(now, then)
    assert expected.statistic - 1 / 255 <= found.distance <= expected.statistic


def test_values_below_a_constant_are_not_overlooked():
    found = kolmogorov_smirnov(*_pair(np.array([1.0] * 60 + [5.0] * 40), np.full(500, 5.0)))
    assert found.distance == pytest.approx(0.6)


def test_kolmogorov_smirnov_agrees_with_evidently():
    rng = np.random.default_rng(1)
    now, then = rng.integers(0, 200, 800), rng.integers(0, 190, 3000)
    theirs = ks_stat_test.func(pd.Series(then), pd.Series(now), ColumnType.Numerical, 0.05)[0]
    # Theirs is exact, for samples of up to 10,000.
    assert kolmogorov_smirnov(*_pair(now, then)).p_value == pytest.approx(theirs, rel=0.1)


def test_population_stability_agrees_with_evidently():
    """Of few values, where both take each for a bin; ours counts half a row more in each."""
    rng = np.random.default_rng(2)
    now, then = rng.choice(8, 2000, p=np.arange(1, 9) / 36), rng.integers(0, 8, 8000)
    theirs = psi_stat_test.func(pd.Series(then), pd.Series(now), ColumnType.Numerical, 0.1)[0]
    assert population_stability(*_pair(now, then)).distance == pytest.approx(theirs, rel=0.01)


def test_jensen_shannon_agrees_with_evidently():
    """Theirs is to base e: the squares differ by ln 2."""
    now, then = _levels(a=300, b=500, c=10), _levels(a=3000, b=2000, c=900)
    series = [pd.Series(np.repeat(list(found.counts), list(found.counts.values()))) for found in (then, now)]
    theirs = jensenshannon_stat_test.func(*series, ColumnType.Categorical, 0.1)[0]
    assert jensen_shannon(now, then).distance == pytest.approx(theirs / np.sqrt(np.log(2)))


def test_levels_are_tested_by_scipys_chi_square():
    found = jensen_shannon(_levels(a=300, b=500, c=30), _levels(a=3000, b=2000, c=900))
    expected = stats.chi2_contingency([[300, 500, 30], [3000, 2000, 900]], correction=False)
    assert (found.statistic, found.p_value) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))


def test_rare_levels_are_tested_together_with_unseen_ones():
    baseline = LevelCounts({"a": 4000, "b": 4000, **{f"r{n}": 3 for n in range(20)}}, 0)
    now = LevelCounts({"a": 500, "b": 500, "r0": 2}, 0, unseen=8)
    expected = stats.chi2_contingency([[500, 500, 10], [4000, 4000, 60]], correction=False)
    assert jensen_shannon(now, baseline).p_value == pytest.approx(expected.pvalue)


def test_missing_and_unseen_are_levels_of_their_own():
    now, then = LevelCounts({"a": 90}, 5, unseen=5), LevelCounts({"a": 1000}, 0)
    assert jensen_shannon(now, then).distance == pytest.approx(_distance([90, 5, 5], [1000, 0, 0]))


def _distance(now: list[int], then: list[int]) -> float:
    from scipy.spatial.distance import jensenshannon

    return float(jensenshannon(now, then, base=2))


@given(COUNTS)
def test_equal_distributions_are_no_distance_apart(counts: list[int]):
    levels = LevelCounts({str(place): count for place, count in enumerate(counts)}, 1)
    assert jensen_shannon(levels, levels).distance == pytest.approx(0, abs=1e-7)
    values = np.repeat(np.arange(len(counts)), counts)
    numbers = _pair(values, values)
    assert kolmogorov_smirnov(*numbers).distance == 0
    assert population_stability(*numbers).distance == 0


def test_the_farther_a_value_moves_the_larger_every_distance():
    rng = np.random.default_rng(3)
    then = rng.normal(size=5000)
    moved = [[measure(*_pair(then[:1000] + shift, then)).distance for shift in (0, 0.2, 0.5, 1, 2)]
             for measure in (kolmogorov_smirnov, population_stability)]  # fmt: skip
    for distances in moved:
        assert distances == sorted(distances)
        assert distances[0] < 0.05 < distances[-1]


@given(COUNTS)
def test_merged_bins_hold_every_row(counts: list[int]):
    values = np.repeat(np.arange(len(counts)), counts).astype(float)
    now, baseline = _pair(values + 1, values)
    places = decile_places(baseline)
    assert merged(now.counts, places).sum() == len(values)
    # Nothing of the baseline lies above its last edge: that bin would say nothing.
    assert merged(baseline.counts, places).min() > 0


def test_deciles_hold_a_tenth_each():
    _, baseline = _pair(np.zeros(1), np.random.default_rng(4).normal(size=10_000))
    shares = merged(baseline.counts, decile_places(baseline)) / 10_000
    assert shares == pytest.approx(np.full(10, 0.1), abs=0.006)


@pytest.mark.parametrize(("now", "rows", "before", "before_rows"), [(30, 1000, 60, 5000), (3, 200, 0, 5000)])
def test_growth_is_fishers_test(now: int, rows: int, before: int, before_rows: int):
    expected = stats.hypergeom.sf(now - 1, rows + before_rows, now + before, rows)
    assert growth(now, rows, before, before_rows) == pytest.approx(expected)


def test_what_nobody_has_is_not_tested():
    assert growth(0, 1000, 0, 5000) is None


def test_values_beyond_the_extremes_are_as_likely_as_among_any_rows():
    """Against the count in simulated samples, of a distribution that the formula does not know."""
    rng = np.random.default_rng(5)
    then, now = rng.exponential(size=(4000, 50)), rng.exponential(size=(4000, 20))
    outside = ((now < then.min(1, keepdims=True)) | (now > then.max(1, keepdims=True))).sum(1)
    for count in (1, 2, 4):
        assert beyond_extremes(count, 20, 50) == pytest.approx(np.mean(outside >= count), abs=0.025)


def test_a_new_maximum_is_no_surprise_and_many_are():
    few, many = beyond_extremes(2, 1000, 5000), beyond_extremes(20, 1000, 5000)
    assert few is not None
    assert many is not None
    assert few > 0.05
    assert many < 1e-9
    assert beyond_extremes(1000, 1000, 5000) == pytest.approx(0, abs=1e-300)
    assert beyond_extremes(5, 0, 5000) is None


@settings(max_examples=15)  # statsmodels collects garbage at each call: up to a second in a large process
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_statsmodels(p_values: list[float]):
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_no_tests_are_no_findings():
    assert holm([]) == []


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (LevelCounts({"a": 0}, 0), LevelCounts({"a": 5}, 0)),
        (LevelCounts({"a": 7}, 0), LevelCounts({"a": 5}, 0)),
        (LevelCounts({"a": 1}, 0, unseen=1), LevelCounts({"a": 5}, 1)),
        (LevelCounts({}, 3), LevelCounts({}, 4)),
    ],
)
def test_too_little_to_test_has_no_p_value(now: LevelCounts, then: LevelCounts):
    assert jensen_shannon(now, then).p_value is None


def test_a_constant_has_no_deciles_to_compare():
    found = population_stability(*_pair(np.full(50, 2.0), np.full(500, 2.0)))
    assert (found.distance, found.p_value) == (0, None)
