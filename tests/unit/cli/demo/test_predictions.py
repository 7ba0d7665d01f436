from typing import Any

import pytest

from cli.demo.findings import Predicted
from cli.demo.predict import choose
from cli.evaluation_numbers import metrics_of

RECORD = {"height": "190", "cut": "slim"}


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"probability": 0.1234, "label": "No"}, "0.123 -> No (really M)  height=190, cut=slim, …"),
        ({"label": "L", "probabilities": {"L": 0.9, "M": 0.1}}, "0.900 -> L (really M)  height=190, cut=slim, …"),
        ({"prediction": 409442.31}, "409442 (really M)  height=190, cut=slim, …"),
    ],
)
def test_each_task_shows_what_it_answers(answer: dict[str, Any], shown: str) -> None:
    assert Predicted(({"record": RECORD, **answer, "actual": "M"},)).details == [shown]


def test_two_values_of_the_target_are_among_the_chosen_rows() -> None:
    rows = [{"y": "a"}] * 5 + [{"y": "b"}]

    assert [row["y"] for row in choose(rows, "y")] == ["a", "a", "b"]
    assert [row["y"] for row in choose(rows[:5], "y")] == ["a", "a", "a"]


@pytest.mark.parametrize(
    "key", ["binary_classification_metrics", "multiclass_classification_metrics", "regression_metrics"]
)
def test_metrics_of_every_task_are_shown(key: str) -> None:
    metrics = {"m": {"value": 1.0}, "confusion_matrix": {"a": {"a": 1}}}

    assert metrics_of({key: metrics}) == {"m": {"value": 1.0}}
