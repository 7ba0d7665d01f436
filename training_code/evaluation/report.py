"""The run's report: one HTML page that needs nothing else, for light and dark screens."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6675; --line: #d9dee6; --page: #fff; --accent: #2463eb }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7eaf0; --soft: #9aa4b5; --line: #333b48; --page: #14181f; --accent: #7aa5ff }
}
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem
}
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { color: var(--soft); margin: .3rem 0 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
th:first-child, td:first-child { text-align: left }
svg { max-width: 100%; height: auto }
text { fill: var(--ink); font-size: 12px }
.axis { stroke: var(--line) }
.curve { stroke: var(--accent); fill: none; stroke-width: 2 }
.bar { fill: var(--accent) }
"""

SIZE = 260
BAR_WIDTH, BAR_HEIGHT, SHOWN_FEATURES = 260, 20, 20
METRIC_TITLES = {
    "auc": "ROC AUC",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "precision_recall_auc": "Precision-recall AUC",
    "log_loss": "Log loss (less is better)",
    "brier": "Brier score (less is better)",
}


def render(
    name: str, evaluation: Mapping[str, Any], training: Mapping[str, Any], importances: Mapping[str, float]
) -> str:
    """evaluation: evaluation.json. training: training.json. importances: mean gain by feature."""
    dataset = evaluation["dataset"]
    chosen = evaluation["binary_classification_metrics"]
    summary = (
        f"Scored on {dataset['item_count']} rows that training never saw, {dataset['positive_count']} of them "
        f"positive. A score of at least {evaluation['threshold']} counts as positive."
    )
    sections = [
        _section("Metrics", _metrics_table(chosen, evaluation.get("champion"))),
        _section("Confusion matrix", _confusion_table(chosen["confusion_matrix"])),
        _section("ROC curve", _roc(chosen["receiver_operating_characteristic_curve"])),
        _section("Feature importance (mean gain)", _bars(importances)),
        _section("Data", _table(("", "rows", "positive"), _data_rows(training.get("counts") or {}))),
        _section("Hyperparameters", _table(("", "value"), _hyperparameter_rows(training))),
    ]
    title = escape(f"{name}: evaluation")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>\n<h1>{title}</h1><p>{escape(summary)}</p>\n"
        f"{''.join(sections)}</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{content}\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are escaped here, and only here."""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>{body}</table>"


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4f}"


def _metrics_table(challenger: Mapping[str, Any], champion: Mapping[str, Any] | None) -> str:
    live = (champion or {}).get("binary_classification_metrics")
    rows = []
    for name, title in METRIC_TITLES.items():
        metric = challenger[name]
        row = [title, _number(metric["value"]), f"± {_number(metric['standard_deviation'])}"]
        rows.append([*row, _number(live[name]["value"])] if live else row)
    table = _table(["", "this model", "deviation", *(["champion"] if live else [])], rows)
    if champion and "error" in champion:
        table += f"<p>The champion could not be scored: {escape(str(champion['error']))}</p>"
    return table


def _confusion_table(matrix: Mapping[str, Mapping[str, int]]) -> str:
    rows = [[f"actually {a}", str(matrix[a]["0"]), str(matrix[a]["1"])] for a in ("0", "1")]
    return _table(("", "predicted 0", "predicted 1"), rows)


def _roc(curve: Mapping[str, Sequence[float]]) -> str:
    rates = zip(curve["false_positive_rates"], curve["true_positive_rates"], strict=True)
    points = " ".join(f"{SIZE * x:.1f},{SIZE * (1 - y):.1f}" for x, y in rates)
    return (
        f'<svg viewBox="-5 -5 {SIZE + 10} {SIZE + 10}" width="{SIZE + 10}" role="img" aria-label="ROC curve">'
        f'<rect class="axis" width="{SIZE}" height="{SIZE}" fill="none"/>'
        f'<line class="axis" x1="0" y1="{SIZE}" x2="{SIZE}" y2="0"/><polyline class="curve" points="{points}"/></svg>'
        "<p>Share of the negatives called positive (across) against share of the positives found (up).</p>"
    )


def _bars(importances: Mapping[str, float]) -> str:
    top = sorted(importances.items(), key=lambda item: -item[1])[:SHOWN_FEATURES]
    if not top:
        return "<p>The model uses no feature.</p>"
    scale = BAR_WIDTH / max(top[0][1], 1e-12)
    bars = [
        f'<rect class="bar" x="200" y="{BAR_HEIGHT * at + 3}" width="{scale * gain:.1f}" height="{BAR_HEIGHT - 6}"/>'
        f'<text x="192" y="{BAR_HEIGHT * at + 15}" text-anchor="end">{escape(name[:28])}</text>'
        f'<text x="{205 + scale * gain:.1f}" y="{BAR_HEIGHT * at + 15}">{gain:.1f}</text>'
        for at, (name, gain) in enumerate(top)
    ]
    height = BAR_HEIGHT * len(top)
    return f'<svg viewBox="0 0 540 {height}" width="540" role="img" aria-label="Importance">{"".join(bars)}</svg>'


def _data_rows(counts: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    ratios = counts.get("positive_ratio", {})
    for name in ("train", "validation", "test"):
        if name in counts:
            yield name, str(counts[name]), f"{ratios.get(name, 0):.1%}"
    if "rejected" in counts:
        yield "rejected", str(counts["rejected"]), ""


def _hyperparameter_rows(training: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for name, value in training.get("hyperparameters", {}).items():
        yield str(name), str(value)
    if "best_iteration" in training:
        yield "rounds kept", str(training["best_iteration"] + 1)
