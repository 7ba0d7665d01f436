import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import preprocess
from monitoring.bins import MOST_EDGES, edges_of
from preprocessing.edges import MOST_ROWS
from preprocessing.histograms import number_spread
from preprocessing.statistics import number_statistics
from tests.unit.training_code.tiny import Pipeline, tiny_rows, write_definition, write_rows

FINITE = st.floats(-1e30, 1e30)


def _training_rows(pipeline: Pipeline) -> list[dict[str, str]]:
    """As they came: the raw rows that are not in the splits of the others."""
    with (pipeline.output / "train" / "train.csv").open(newline="") as stream:
        features = [feature["name"] for feature in pipeline.read("codec/features.json")["features"]]
        return [dict(zip(["left", *features], row, strict=True)) for row in csv.reader(stream)]


def test_the_distributions_of_the_training_rows(pipeline: Pipeline):
    reference, statistics = pipeline.read("baseline/reference.json"), pipeline.read("baseline/statistics.json")
    rows = _training_rows(pipeline)
    assert (reference["format_version"], reference["rows"]) == (1, len(rows))
    assert list(reference["features"]) == ["income", "visits", "city"]
    incomes = np.array([float(row["income"]) for row in rows if row["income"]])
    income = reference["features"]["income"]
    assert (income["type"], income["missing"]) == ("numeric", len(rows) - len(incomes))
    assert (income["minimum"], income["maximum"], income["whole"]) == (incomes.min(), incomes.max(), False)
    assert (income["mean"], income["deviation"]) == (pytest.approx(incomes.mean()), pytest.approx(incomes.std()))
    assert len(income["edges"]) == MOST_EDGES
    assert (income["edges"][-1], income["counts"][-1]) == (incomes.max(), 0)
    below = [int((incomes <= edge).sum()) for edge in income["edges"]]
    assert np.cumsum(income["counts"])[:-1].tolist() == below
    assert max(income["counts"]) <= len(incomes) / MOST_EDGES + 1
    levels = statistics["features"][2]["string_statistics"]
    buckets = levels["distribution"]["categorical"]["buckets"]
    city = reference["features"]["city"]
    assert city == {"type": "categorical", "missing": 0, "counts": {b["value"]: b["count"] for b in buckets}}


def test_few_distinct_values_have_a_bin_each(pipeline: Pipeline):
    visits = pipeline.read("baseline/reference.json")["features"]["visits"]
    counts = Counter(float(row["visits"]) for row in _training_rows(pipeline))
    assert visits["whole"] is True
    assert visits["edges"] == sorted(counts)
    assert visits["counts"] == [*(counts[edge] for edge in visits["edges"]), 0]


def test_a_feature_without_values_and_one_of_a_single_value(tmp_path: Path):
    rows = [{**row, "income": "", "visits": 7} for row in tiny_rows(300)]
    data = write_rows(tmp_path / "data.csv", rows)
    definition = write_definition(tmp_path / "definition.json")
    preprocess.main(["--data", str(data), "--definition", str(definition), "--output", str(tmp_path / "out")])
    features = json.loads((tmp_path / "out/baseline/reference.json").read_text())["features"]
    rows_held = features["income"]["missing"]
    assert features["income"] == {
        "type": "numeric",
        "missing": rows_held,
        "minimum": None,
        "maximum": None,
        "mean": None,
        "deviation": None,
        "whole": False,
        "edges": [],
        "counts": [0],
    }
    assert (features["visits"]["edges"], features["visits"]["counts"]) == ([7.0], [rows_held, 0])


@given(st.lists(FINITE, min_size=1, max_size=700), st.lists(FINITE, max_size=50))
def test_edges_rise_to_the_maximum_and_every_value_has_its_bin(sampled: list[float], others: list[float]):
    values = np.array([*sampled, *others])
    edges = edges_of(np.array(sampled), float(values.max()))
    assert len(edges) <= MOST_EDGES
    assert (np.diff(edges) > 0).all()
    assert edges[-1] == values.max()
    bins = number_spread(values, number_statistics(values), edges).bins
    expected = [
        int(((values > low) & (values <= high)).sum()) for low, high in zip([-np.inf, *edges[:-1]], edges, strict=True)
    ]
    assert bins.tolist() == [*expected, 0]


def test_edges_part_many_rows_evenly():
    """Of a sample: 20,000 of 200,000 rows of a long tail."""
    values = np.random.default_rng(1).lognormal(3, 2, 200_000)
    edges = edges_of(values[:MOST_ROWS], float(values.max()))
    bins: Any = number_spread(values, number_statistics(values), edges).bins
    assert bins.sum() == 200_000
    assert bins.max() < 2 * 200_000 / MOST_EDGES
    reached = np.cumsum(bins)[:-1] / 200_000
    assert np.abs(reached - np.arange(1, len(edges) + 1) / len(edges)).max() < 0.02
