from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from codec.codec import BINARY, MULTICLASS, REGRESSION
from evaluation import report
from evaluation.binary import NAMES, Binary
from evaluation.bootstrap import Bootstrap
from evaluation.multiclass import Multiclass
from evaluation.regression import Regression
from tests.unit.training_code.tiny import Pipeline

VOID = {"meta", "rect", "line", "polyline"}


class _Page(HTMLParser):
    """Checks that elements close in order; collects what the page would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _evaluation(**more: Any) -> dict[str, Any]:
    labels, scores = np.array([0.0, 1, 0, 1]), np.array([0.2, 0.7, 0.6, 0.4])
    return {
        "binary_classification_metrics": Binary(0.5).document(labels, scores, Bootstrap(5), curves=True),
        "dataset": {"item_count": 4, "positive_count": 2},
        "threshold": 0.5,
        **more,
    }


def test_the_page_is_whole_and_fetches_nothing(pipeline: Pipeline):
    page = _Page((pipeline.output / "report" / "report.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert page.fetched == []
    assert {"svg", "polyline", "table", "style"} <= page.tags


def test_it_shows_metrics_counts_hyperparameters_and_features(pipeline: Pipeline):
    page = (pipeline.output / "report" / "report.html").read_text(encoding="utf-8")
    auc = pipeline.read("evaluation/evaluation.json")["binary_classification_metrics"]["auc"]["value"]
    for shown in (f"{auc:.4f}", "rejected", "max_depth", "visits", "prefers-color-scheme: dark"):
        assert shown in page


def _part(column: str, value: str, metrics: Any) -> dict[str, Any]:
    return {"column": column, "value": value, "kind": "value", "item_count": 2, "metrics": metrics}


def test_every_value_is_escaped():
    evil = "<script>alert('x')</script>"
    evaluation = _evaluation(champion={"package_arn": evil, "error": evil})
    evaluation["slices"] = [_part(evil, evil, evaluation["binary_classification_metrics"])]
    page = report.render(evil, evaluation, {"hyperparameters": {evil: evil}}, {evil: 1.0})
    assert "<script" not in page
    assert _Page(page).open == []


def test_a_champion_has_its_column_and_no_importance_is_no_error():
    live = {"binary_classification_metrics": {name: {"value": 0.123} for name in NAMES}}
    page = report.render("m", _evaluation(champion=live), {}, {})
    assert "champion" in page
    assert "0.1230" in page
    assert "uses no feature" in page


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_each_task_has_its_page(task: str):
    """Hand-made: the class names need escaping, one slice has no metric, the counts are of the task."""
    labels = np.array([0.0, 1, 0, 1])
    scores = np.array([0.2, 0.7, 0.6, 0.4])
    evaluator: Any = {BINARY: Binary(0.5), MULTICLASS: Multiclass(("a<b", "c")), REGRESSION: Regression()}[task]
    scores = np.stack([1 - scores, scores], axis=1) if task == MULTICLASS else scores
    metrics = evaluator.document(labels, scores, Bootstrap(5), curves=True)
    nothing = {name: {"value": None, "standard_deviation": None} for name in evaluator.names}
    evaluation = {
        "task": task,
        evaluator.key: metrics,
        "dataset": {"item_count": 4} | ({"positive_count": 2} if task == BINARY else {}),
        "threshold": 0.5 if task == BINARY else None,
        "slices": [_part("city", "Ulm & more", metrics), _part("city", "missing", nothing)],
        "champion": {"package_arn": "arn", evaluator.key: metrics},
    }
    notes = {
        BINARY: {"positive_ratio": {"train": 0.25}},
        MULTICLASS: {"classes": {"train": {"a<b": 7, "c": 2}}},
        REGRESSION: {"target_mean": {"train": 12345.678}},
    }
    page = report.render("m", evaluation, {"counts": {"train": 9, **notes[task]}, "best_iteration": None}, {"f": 1.0})
    assert _Page(page).open == []
    assert _Page(page).fetched == []
    for shown in (
        "By city",
        "Ulm &amp; more",
        "not defined",
        {BINARY: "25.0%", MULTICLASS: "a&lt;b: 7, c: 2"}.get(task),
    ):
        assert (shown or "12,345.7") in page
    assert ("predicted" in page) == (task != REGRESSION)
    assert page.count("<polyline") == (3 if task == BINARY else 0)


def test_a_confusion_matrix_of_very_many_classes_is_left_out():
    names = tuple(f"class {number}" for number in range(50))
    labels, scores = np.arange(50.0), np.eye(50, dtype=np.float32)
    evaluation = {
        "multiclass_classification_metrics": Multiclass(names).document(labels, scores, Bootstrap(2), curves=True),
        "dataset": {"item_count": 50},
        "threshold": None,
    }
    page = report.render("m", evaluation, {}, {})
    assert "Of 50 classes" in page
    assert "class 7" not in page
