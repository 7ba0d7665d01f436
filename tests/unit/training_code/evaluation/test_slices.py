from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from codec.codec import BINARY
from evaluation.binary import NAMES, Binary
from evaluation.bootstrap import Bootstrap
from evaluation.delong import area_difference_deviation
from evaluation.multiclass import Multiclass
from evaluation.paired import Judged
from evaluation.regression import Regression
from evaluation.slices import COUNTED_VALUES, MOST_VALUES, slice_columns, slice_documents
from tests.unit.training_code.evaluation.models import tiny_codec


def _parts(column: str, *batches: list[str]) -> dict[tuple[str, str], list[int]]:
    """The rows of each part that holds some, by kind and value."""
    (slices,) = slice_columns((column,), tiny_codec(BINARY)).values()
    for cells in batches:
        slices.add(pa.array(cells, pa.string()))
    rows = {(part.kind, part.value): np.flatnonzero(part.rows).tolist() for part in slices.parts()}
    return {name: held for name, held in rows.items() if held}


def test_values_of_text_are_parts_and_missing_is_one_of_them():
    assert _parts("city", ["Ulm", " Bonn", "NA"], ["", "Bonn ", "other"]) == {
        ("value", "Bonn"): [1, 4],
        ("value", "Ulm"): [0],
        ("value", "other"): [5],
        ("missing", "missing"): [2, 3],
    }


def test_rare_values_are_together():
    cells = [f"v{number % 30:02d}" for number in range(300)] + ["v07", "v29"]
    parts = _parts("plan", cells)
    assert [kind for kind, _ in parts].count("value") == MOST_VALUES
    assert list(parts)[:2] == [("value", "v07"), ("value", "v29")]
    assert len(parts["other", "other"]) == 10 * 10
    assert sum(map(len, parts.values())) == 302


def test_a_column_of_endless_values_keeps_a_bounded_number_of_them():
    late = COUNTED_VALUES + 7
    parts = _parts("id", [f"k{number}" for number in range(late)], ["late"] * 50)
    assert len(parts["other", "other"]) == late - MOST_VALUES + 50


def test_numbers_are_cut_at_the_quartiles():
    assert _parts("visits", [str(number) for number in range(1, 9)], ["NA", "8.0"]) == {
        ("range", "up to 3"): [0, 1, 2],
        ("range", "above 3 up to 5"): [3, 4],
        ("range", "above 5 up to 7"): [5, 6],
        ("range", "above 7"): [7, 9],
        ("missing", "missing"): [8],
    }


def test_few_numbers_are_their_own_parts_and_equal_quartiles_one_edge():
    assert _parts("visits", ["0", "1", "0.0", "", "0.5"]) == {
        ("value", "0"): [0, 2],
        ("value", "0.5"): [4],
        ("value", "1"): [1],
        ("missing", "missing"): [3],
    }
    skewed = _parts("visits", ["0"] * 20 + ["1", "2", "3", "4"])
    assert {value: len(rows) for (_, value), rows in skewed.items()} == {"up to 0": 20, "above 0": 4}


def test_a_raw_column_of_many_numbers_is_cut_though_no_feature_declares_it():
    parts = _parts("id", [str(number) for number in range(100)], [""])
    assert {kind for kind, _ in parts} == {"range", "missing"}
    assert parts["missing", "missing"] == [100]
    assert sum(map(len, parts.values())) == 101


def test_each_part_has_the_metrics_of_its_rows_and_null_where_there_is_none():
    columns = slice_columns(("city", "visits"), tiny_codec(BINARY))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60).astype(float)
    scores = np.clip(labels * 0.3 + rng.random(60) * 0.7, 0, 1).astype(np.float32)
    cities = ["Ulm" if number % 2 else "Bonn" for number in range(59)] + ["alone"]
    columns["city"].add(pa.array(cities))
    columns["visits"].add(pa.array([str(number) for number in range(60)]))
    live = rng.random(60).astype(np.float32)
    models = Judged(Binary(0.5), scores), Judged(Binary(0.4), live)
    found: list[dict[str, Any]] = slice_documents(columns, labels, *models, Bootstrap(20))
    by_value = {(part["column"], part["value"]): part for part in found}
    assert [part["item_count"] for part in found[:3]] == [30, 29, 1]
    ulm = np.array([city == "Ulm" for city in cities])
    expected = Binary(0.5).metrics(labels[ulm], scores[ulm], Bootstrap(20))
    assert by_value["city", "Ulm"]["metrics"] == expected
    assert tuple(expected) == NAMES
    assert by_value["city", "alone"]["metrics"]["auc"] == {"value": None, "standard_deviation": None}
    compared = by_value["city", "Ulm"]["champion"]["differences"]
    theirs = Binary(0.4).metrics(labels[ulm], live[ulm], Bootstrap(20))
    assert {n: entry["value"] for n, entry in compared.items()} == {
        n: float(expected[n]["value"] or 0) - float(theirs[n]["value"] or 0) for n in NAMES
    }
    assert compared["auc"]["standard_deviation"] == area_difference_deviation(labels[ulm], scores[ulm], live[ulm])
    assert all(entry["standard_deviation"] > 0 for entry in compared.values())
    alone = by_value["city", "alone"]["champion"]["differences"]
    assert alone["auc"] == {"value": None, "standard_deviation": None, "method": "delong"}
    without = slice_documents(columns, labels, models[0], None, Bootstrap(20))
    assert [part["metrics"] for part in without] == [part["metrics"] for part in found]
    assert {part["champion"] for part in without} == {None}
    assert sum(part["item_count"] for part in found if part["column"] == "visits") == 60


@pytest.mark.parametrize(
    ("task", "labels", "rarest"),
    [
        (Binary(0.5), [1, 0, 0, 0, 1], 2),
        (Binary(0.5), [1, 1, 1], 0),
        (Multiclass(("a", "b", "c")), [2, 2, 0, 2, 0], 2),
        (Regression(), [0.5, 1.5, -3.0], None),
    ],
)
def test_a_part_tells_the_rows_of_its_rarest_class(task: Any, labels: list[float], rarest: int | None):
    columns = slice_columns(("city",), tiny_codec(BINARY))
    columns["city"].add(pa.array(["Ulm"] * len(labels)))
    shape = (len(labels), 3) if isinstance(task, Multiclass) else (len(labels),)
    model = Judged(task, np.full(shape, 1 / 3, np.float32))
    (part,) = slice_documents(columns, np.array(labels, dtype=float), model, None, Bootstrap(2))
    assert part["rarest_class_count"] == rarest


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_rows_decides_nothing(order: int):
    cells = [f"v{number % 25}" for number in range(100)][::order]
    assert sorted((name, len(rows)) for name, rows in _parts("plan", cells).items()) == sorted(
        (name, len(rows)) for name, rows in _parts("plan", sorted(cells)).items()
    )
