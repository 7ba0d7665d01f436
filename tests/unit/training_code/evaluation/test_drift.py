import copy
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.drift import MOST_LEVELS, drift_document, stability_index
from monitoring.bins import number_counts, number_document
from tests.unit.training_code.evaluation.baselines import numbers, statistics, texts


def _psi(mine: dict[str, Any], champions: dict[str, Any]) -> Any:
    (feature,) = drift_document(statistics(mine), statistics(champions))["features"]
    return feature["psi"]


def buckets_of(feature: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = feature["numerical_statistics"]["distribution"]["kll"]["buckets"]
    return found


def _formula(mine: list[float], champions: list[float]) -> float:
    """Half a row more in each bin."""
    a, e = ([(rows + 0.5) / (sum(bins) + 0.5 * len(bins)) for rows in bins] for bins in (mine, champions))
    return sum((x - y) * math.log(x / y) for x, y in zip(a, e, strict=True))


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(any), st.randoms(use_true_random=False))
def test_the_index_is_0_without_a_change_and_above_it_with_one(rows: list[int], random: Any):
    shuffled = random.sample(rows, len(rows))
    index = stability_index(np.array(rows, dtype=float), np.array(shuffled, dtype=float))
    assert index >= 0
    assert index == pytest.approx(_formula(list(map(float, rows)), list(map(float, shuffled))))
    assert (index < 1e-12) == (rows == shuffled)


def test_levels_are_bins_and_so_are_the_missing_cells():
    mine, champions = texts("city", {"Ulm": 50, "Bonn": 20}, 30), texts("city", {"Ulm": 40, "Bonn": 60}, 0)
    assert _psi(mine, champions) == pytest.approx(_formula([20, 50, 0, 30], [60, 40, 0, 0]))


def test_a_level_that_the_champion_never_saw_is_one_of_the_others():
    mine, champions = texts("city", {"Ulm": 50, "new": 50}), texts("city", {"Ulm": 100})
    assert _psi(mine, champions) == pytest.approx(_formula([50, 50, 0], [100, 0, 0]))
    assert _psi(mine, champions) > 0.25


def test_rare_levels_are_together_so_that_chance_does_not_add_up():
    rng = np.random.default_rng(0)
    drawn = [
        dict(zip(*np.unique(rng.integers(0, 3000, 2000).astype(str), return_counts=True), strict=True)) for _ in "ab"
    ]
    counts = [{str(level): int(count) for level, count in one.items()} for one in drawn]
    assert len(counts[0]) > 10 * MOST_LEVELS
    assert _psi(*(texts("plan", one) for one in counts)) < 0.1


def test_numbers_in_the_same_buckets():
    """Ten buckets of equally many rows are nearly the deciles."""
    champions = numbers("x", [*np.repeat(np.arange(10) + 0.5, 30), 0.0, 10.0, math.nan])
    mine = numbers("x", [*np.repeat(np.arange(10) + 0.5, [60] * 5 + [0] * 5), 0.0, 10.0, math.nan, math.nan])
    counted = [61, *[60] * 4, *[0] * 4, 1, 2], [31, *[30] * 8, 31, 1]
    assert _psi(mine, champions) == pytest.approx(_formula(*counted), rel=0.02)


@pytest.mark.parametrize("rows", [700, 20_000])
def test_numbers_with_other_buckets(rows: int):
    rng = np.random.default_rng(rows)
    champions, again, moved = (numbers("x", rng.normal(at, 1, rows)) for at in (0, 0, 1))
    assert _psi(again, champions) < 0.06
    # Over the deciles of a normal distribution, a shift by one deviation is 0.93.
    assert _psi(moved, champions) == pytest.approx(0.93, abs=0.15)


def test_a_price_rise_of_a_tenth_is_seen_whatever_the_unit():
    rng = np.random.default_rng(0)
    prices = rng.normal(50, 5, 5000)
    found = [_psi(numbers("x", unit * 1.1 * prices), numbers("x", unit * prices)) for unit in (1e-6, 1.0, 1e9)]
    assert found == pytest.approx([found[0]] * 3)
    assert found[0] > 0.5


@pytest.mark.parametrize("mean", [0.3, 1, 5, 20])
def test_whole_numbers_are_not_spread_between_themselves(mean: float):
    """The buckets of counts up to 7 and of counts up to 9 cut elsewhere: no drift of theirs."""
    rng = np.random.default_rng(3)
    for rows in (700, 20_000):
        found = [_psi(*(numbers("calls", rng.poisson(mean, rows)) for _ in range(2))) for _ in range(20)]
        assert max(found) < 0.12
    more = _psi(numbers("calls", rng.poisson(3 * mean, 5000)), numbers("calls", rng.poisson(mean, 5000)))
    assert more > 0.25


def test_two_numbers_only():
    mine, champions = numbers("flag", [0] * 70 + [1] * 30), numbers("flag", [0] * 90 + [1] * 10)
    assert _psi(mine, champions) == pytest.approx(_formula([70, 30, 0], [90, 10, 0]))


def test_missing_numbers_are_a_bin():
    present = list(np.linspace(0, 1, 100))
    unchanged = _psi(numbers("x", present), numbers("x", present))
    assert unchanged == pytest.approx(0, abs=1e-12)
    assert _psi(numbers("x", [*present, *[math.nan] * 50]), numbers("x", present)) > 0.25
    gone = _psi(numbers("x", [math.nan] * 100), numbers("x", present))
    assert gone > 1
    assert _psi(numbers("x", present), numbers("x", [math.nan] * 100)) > 1
    assert _psi(numbers("x", [math.nan] * 9), numbers("x", [math.nan] * 9)) == 0


def test_a_long_tail_says_too_little_and_is_not_taken_for_drift_or_for_none():
    """Nearly all rows are in the first of ten equal buckets, whose end is where the largest value happens to lie."""
    rng = np.random.default_rng(0)
    mine, champions = (numbers("amount", rng.lognormal(0, 1.5, 5000)) for _ in range(2))
    even = numbers("amount", rng.random(5000))
    for now in (mine, even):
        (feature,) = drift_document(statistics(now), statistics(champions))["features"]
        assert (feature["psi"], feature["comparable"]) == (None, False)
        assert "tells too little" in feature["reason"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_column_that_breaks_is_seen_though_its_own_buckets_are_crowded(whole: bool):
    """Given a champion whose buckets tell enough. Spread evenly over a bucket, most rows are far from its deciles."""
    rng = np.random.default_rng(0)
    ages = rng.normal(50, 10, 5000)
    one_value = rng.random(5000) < 0.7
    broken = {
        "constant": np.full(5000, 50.0),
        "mostly one value": np.where(one_value, 50.0, ages),
        "mostly zero": np.where(one_value, 0.0, ages),
        "tripled, and an outlier": np.append(3 * ages, 1e6),
    }
    champions = statistics(numbers("age", np.round(ages) if whole else ages))
    for name, values in broken.items():
        now = numbers("age", np.round(values) if whole else values)
        (feature,) = drift_document(statistics(now), champions)["features"]
        assert feature["comparable"], name
        assert feature["psi"] > 1, name


def test_a_tail_that_is_crowded_in_one_run_and_not_in_the_other_is_not_taken_for_drift():
    """The same distribution, whose largest value decides whether more than half of the rows are in one bucket."""
    rng = np.random.default_rng(0)
    runs = [numbers("x", rng.gamma(1.5, 1, 5000)) for _ in range(60)]
    crowded = [max(bucket["count"] for bucket in buckets_of(run)) > 2500 for run in runs]
    pairs = [(now, then) for now, is_now in zip(runs, crowded, strict=True) if is_now
             for then, was_then in zip(runs, crowded, strict=True) if not was_then]  # fmt: skip
    assert len(pairs) > 100
    assert max(_psi(*pair) for pair in pairs) < 0.1


def test_features_by_falling_index_then_those_that_cannot_be_compared():
    mine = statistics(
        texts("same", {"a": 9}), texts("moved", {"a": 1, "b": 8}), numbers("new", [1, 2]), texts("typed", {"1": 3})
    )
    champions = statistics(
        texts("moved", {"a": 8, "b": 1}), texts("same", {"a": 9}), numbers("typed", [1]), texts("old", {"a": 1})
    )
    found = drift_document(mine, champions)["features"]
    assert [feature["feature"] for feature in found] == ["moved", "same", "new", "typed", "old"]
    assert [feature["type"] for feature in found] == [
        "categorical",
        "categorical",
        "numeric",
        "categorical",
        "categorical",
    ]
    assert found[1]["psi"] == pytest.approx(0)
    assert [feature["comparable"] for feature in found[:2]] == [True, True]
    assert [(feature["psi"], feature["comparable"], feature["reason"]) for feature in found[2:]] == [
        (None, False, "Only this run has it."),
        (None, True, "It is categorical, and was numeric for the champion."),
        (None, False, "Only the champion has it."),
    ]


WHOLE = statistics(numbers("x", [1.0, 2.5, 4.0]), texts("city", {"Ulm": 3}))
BUCKETS = ("features", 0, "numerical_statistics", "distribution", "kll", "buckets")


def _with(value: Any, *path: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(WHOLE)
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return dict(changed)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"features": None},
        {"features": [1]},
        {"features": [{"name": "x"}]},
        _with(None, "features", 0, "numerical_statistics"),
        _with({}, "features", 0, "numerical_statistics", "common"),
        _with([{"lower_bound": 0}], *BUCKETS),
        _with("many", *BUCKETS, 0, "count"),
        _with(-1, *BUCKETS, 0, "count"),
        _with(math.nan, *BUCKETS, 0, "count"),
        _with(1e9, *BUCKETS, 0, "lower_bound"),
        _with([{"value": "Ulm"}], "features", 1, "string_statistics", "distribution", "categorical", "buckets"),
    ],
)
def test_a_baseline_of_another_schema_is_an_error_that_says_whose(broken: dict[str, Any]):
    assert "features" in drift_document(WHOLE, WHOLE)
    mine = drift_document(broken, WHOLE)["error"]
    assert mine.startswith("This run's baseline cannot be compared. It is not of Model Monitor's schema: ")
    assert drift_document(WHOLE, broken)["error"].startswith("The champion's baseline cannot be compared.")


def _fine(*columns: Any) -> list[dict[str, Any]]:
    """reference.json of a column of numbers, for each."""
    return [
        {"format_version": 1, "rows": len(values), "features": {"x": number_document(number_counts(np.array(values)))}}
        for values in columns
    ]


def _fine_psi(mine: Any, champions: Any) -> Any:
    (feature,) = drift_document(*_fine(mine, champions))["features"]
    assert feature["comparable"]
    return feature["psi"]


def test_a_long_tail_is_compared_where_the_champions_bins_are_quantiles():
    rng = np.random.default_rng(0)
    champions = rng.lognormal(0, 1.5, 5000)
    assert _fine_psi(rng.lognormal(0, 1.5, 5000), champions) < 0.02
    assert _fine_psi(rng.lognormal(0.5, 1.5, 5000), champions) == pytest.approx(0.11, abs=0.04)
    # This run's too, where it is of a run before there were such bins.
    coarse = statistics(numbers("x", rng.random(5000)))
    (feature,) = drift_document(coarse, _fine(champions)[0])["features"]
    assert feature["psi"] > 1


@given(st.integers(0, 2**32 - 1))
def test_a_value_that_most_rows_have_is_in_one_bin(seed: int):
    rng = np.random.default_rng(seed)

    def column(share: float, value: float) -> Any:
        return np.where(rng.random(4000) < share, value, rng.normal(50, 10, 4000))

    assert _fine_psi(column(0.7, 50.0), column(0.7, 50.0)) < 0.05
    assert _fine_psi(column(0.7, 0.0), column(0.7, 50.0)) > 1
    assert _fine_psi(column(0.3, 50.0), column(0.7, 50.0)) > 0.25


def test_fine_bins_of_whole_numbers_of_constants_and_of_nothing():
    rng = np.random.default_rng(1)
    champions, again, more = rng.poisson(2, 5000), rng.poisson(2, 5000), rng.poisson(4, 5000)
    assert _fine_psi(again.astype(float), champions.astype(float)) < 0.02
    assert _fine_psi(more.astype(float), champions.astype(float)) > 0.25
    assert _fine_psi([3.0] * 100, [3.0] * 100) == pytest.approx(0)
    assert _fine_psi([4.0] * 100, [3.0] * 100) > 1
    assert _fine_psi([math.nan] * 100, [math.nan] * 100) == pytest.approx(0)
    assert _fine_psi([math.nan] * 100, [3.0] * 100) > 1


def test_levels_of_references():
    levels = {"type": "categorical", "missing": 30, "counts": {"Ulm": 50, "Bonn": 20}}
    before = {"type": "categorical", "missing": 0, "counts": {"Ulm": 40, "Bonn": 60}}
    mine, champions = ({"format_version": 1, "features": {"city": found}} for found in (levels, before))
    (feature,) = drift_document(mine, champions)["features"]
    assert feature["psi"] == pytest.approx(_formula([20, 50, 0, 30], [60, 40, 0, 0]))


def test_a_broken_reference_is_an_error():
    broken = {"format_version": 1, "features": {"x": {"type": "numeric"}}}
    assert "KeyError 'missing'" in drift_document(broken, broken)["error"]
