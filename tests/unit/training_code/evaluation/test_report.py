from html.parser import HTMLParser
from typing import Any

from evaluation import binary as metrics
from evaluation import report
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
    ranking = metrics.rank([0, 1, 0, 1], [0.2, 0.7, 0.6, 0.4], 0.5)
    return {
        "binary_classification_metrics": {
            **metrics.with_deviations(ranking, 1),
            "confusion_matrix": metrics.confusion_matrix(ranking),
            "receiver_operating_characteristic_curve": metrics.roc_curve(ranking),
        },
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


def test_every_value_is_escaped():
    evil = "<script>alert('x')</script>"
    page = report.render(
        evil,
        _evaluation(champion={"package_arn": evil, "error": evil}),
        {"hyperparameters": {evil: evil}},
        {evil: 1.0},
    )
    assert "<script" not in page
    assert _Page(page).open == []


def test_a_champion_has_its_column_and_no_importance_is_no_error():
    live = {"binary_classification_metrics": {name: {"value": 0.123} for name in metrics.NAMES}}
    page = report.render("m", _evaluation(champion=live), {}, {})
    assert "champion" in page
    assert "0.1230" in page
    assert "uses no feature" in page
