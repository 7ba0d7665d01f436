import json
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.bins import edges_of
from preprocessing import baseline
from preprocessing.histograms import number_spread, spread_of
from preprocessing.statistics import NumberStatistics, number_statistics
from tests.unit.training_code.tiny import Pipeline


def numeric(name: str, values: list[float]) -> dict[str, Any]:
    """In two blocks, as they are counted."""
    blocks = [np.array(values[:2], dtype=float), np.array(values[2:], dtype=float)]
    statistics = sum((number_statistics(block) for block in blocks), NumberStatistics())
    if not statistics.present:
        return baseline.numeric_statistics(name, statistics, None)
    edges = edges_of(np.concatenate(blocks), statistics.maximum)
    counted = number_spread(blocks[0], statistics, edges)
    counted += number_spread(blocks[1], statistics, edges)
    return baseline.numeric_statistics(name, statistics, spread_of(counted, statistics, edges))


def test_numbers():
    feature = numeric("age", [1.0, 2.0, 2.0, 11.0, np.nan])
    assert feature["inferred_type"] == "Integral"
    statistics = feature["numerical_statistics"]
    assert statistics["common"] == {"num_present": 4, "num_missing": 1}
    assert (statistics["mean"], statistics["sum"], statistics["min"], statistics["max"]) == (4.0, 16.0, 1.0, 11.0)
    assert statistics["std_dev"] == pytest.approx(np.std([1, 2, 2, 11]))
    buckets = statistics["distribution"]["kll"]["buckets"]
    assert [bucket["count"] for bucket in buckets] == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert (buckets[0]["lower_bound"], buckets[-1]["upper_bound"]) == (1.0, 11.0)


@given(st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=30), st.randoms())
def test_the_order_of_the_values_changes_nothing(values: list[float], random: Random):
    shuffled = random.sample(values, len(values))
    assert numeric("x", shuffled) == numeric("x", values)


@given(st.lists(st.integers(-(10**9), 10**9).map(lambda number: number / 1000), min_size=1, max_size=30))
def test_as_numpy_counts_them(values: list[float]):
    statistics = numeric("x", values)["numerical_statistics"]
    assert statistics["std_dev"] == pytest.approx(np.std(values), rel=1e-9, abs=1e-9)
    buckets = statistics["distribution"]["kll"]["buckets"]
    counts, bounds = np.histogram(values, bins=10, range=(min(values), max(values)))
    assert [bucket["count"] for bucket in buckets] == counts.tolist()
    assert [bucket["lower_bound"] for bucket in buckets] == bounds[:-1].tolist()


def test_a_half_makes_a_column_fractional():
    assert numeric("x", [1.0, 2.5])["inferred_type"] == "Fractional"


@pytest.mark.parametrize("values", [[np.nan, np.nan], [3.0, 3.0], []])
def test_columns_without_spread_or_without_values_are_written_too(values: list[float]):
    statistics = baseline.statistics_document(len(values), [numeric("x", values)])
    json.dumps([statistics, baseline.constraints_document(statistics, 8)], allow_nan=False)


def test_constraints_follow_from_the_statistics():
    features = [
        numeric("change", [-1.0, 2.0]),
        baseline.string_statistics("city", {"Ulm": 2, "Bonn": 1}, missing=1),
        baseline.string_statistics("street", {"a": 1, "b": 1, "c": 1}, missing=0),
    ]
    constraints = baseline.constraints_document(baseline.statistics_document(4, features), max_domain=2)
    assert constraints["features"] == [
        {
            "name": "change",
            "inferred_type": "Integral",
            "completeness": 1.0,
            "num_constraints": {"is_non_negative": False},
        },
        {
            "name": "city",
            "inferred_type": "String",
            "completeness": 0.75,
            "string_constraints": {"domains": ["Ulm", "Bonn"]},
        },
        {"name": "street", "inferred_type": "String", "completeness": 1.0},
    ]
    assert constraints["monitoring_config"]["distribution_constraints"]["comparison_threshold"] == 0.1


def test_preprocess_writes_the_training_splits_baseline(pipeline: Pipeline):
    statistics = pipeline.read("baseline/statistics.json")
    train = np.genfromtxt(pipeline.output / "train" / "train.csv", delimiter=",")
    assert (statistics["version"], statistics["dataset"]["item_count"]) == (0.0, len(train))
    income, visits, city = statistics["features"]
    assert income["numerical_statistics"]["common"]["num_missing"] == int(np.isnan(train[:, 1]).sum())
    assert visits["numerical_statistics"]["mean"] == pytest.approx(train[:, 2].mean())
    counts = Counter(train[:, 3])
    buckets = {b["value"]: b["count"] for b in city["string_statistics"]["distribution"]["categorical"]["buckets"]}
    assert buckets["Ulm"] == counts[3.0]
    assert "Rareville" in buckets
    names = [feature["name"] for feature in pipeline.read("baseline/constraints.json")["features"]]
    assert names == ["income", "visits", "city"]
