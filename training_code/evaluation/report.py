"""The run's report: one HTML page that needs nothing else. Every number of it is one of evaluation.json."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from evaluation.page import bars, curve, page, paragraph, section, table

METRICS_KEYS = ("binary_classification_metrics", "multiclass_classification_metrics", "regression_metrics")
SHOWN_FEATURES = 20
# A larger confusion matrix is in evaluation.json only.
SHOWN_CLASSES = 20
TITLES = {
    "auc": "ROC AUC",
    "weighted_auc": "ROC AUC, weighted",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "weighted_precision": "Precision, weighted",
    "weighted_recall": "Recall, weighted",
    "weighted_f1": "F1, weighted",
    "macro_precision": "Precision, mean of the classes",
    "macro_recall": "Recall, mean of the classes",
    "macro_f1": "F1, mean of the classes",
    "precision_recall_auc": "Precision-recall AUC",
    "log_loss": "Log loss (less is better)",
    "brier": "Brier score (less is better)",
    "calibration_error": "Calibration error (less is better)",
    "r2": "R²",
    "rmse": "Root mean squared error (less is better)",
    "mae": "Mean absolute error (less is better)",
    "mse": "Mean squared error (less is better)",
    "mape": "Mean relative error (less is better)",
}
SLICE_METRICS = {
    "binary_classification_metrics": ("auc", "precision", "recall", "f1"),
    "multiclass_classification_metrics": ("accuracy", "macro_f1", "log_loss"),
    "regression_metrics": ("r2", "rmse", "mae"),
}


def render(
    name: str, evaluation: Mapping[str, Any], training: Mapping[str, Any], importances: Mapping[str, float]
) -> str:
    """evaluation: evaluation.json. training: training.json. importances: mean gain by feature."""
    key = next(key for key in METRICS_KEYS if key in evaluation)
    metrics = evaluation[key]
    sections = [
        section("Metrics", _metrics_table(metrics, key, evaluation.get("champion"))),
        *_confusion(metrics.get("confusion_matrix")),
        *_curves(metrics),
        *_slices(evaluation.get("slices") or [], key),
        section("Feature importance (share of the mean gains)", _importances(importances)),
        section("Data", _data_table(training.get("counts") or {})),
        section("Hyperparameters", table(("", "value"), _hyperparameter_rows(training))),
    ]
    return page(f"{name}: evaluation", _summary(evaluation), sections)


def _summary(evaluation: Mapping[str, Any]) -> str:
    dataset = evaluation["dataset"]
    text = f"Scored on {dataset['item_count']} rows that training never saw"
    if "positive_count" not in dataset:
        return f"{text}."
    return (
        f"{text}, {dataset['positive_count']} of them positive. "
        f"A score of at least {evaluation['threshold']:.4g} counts as positive."
    )


def _number(value: float | None) -> str:
    """Four decimals; of large numbers, such as a squared error in cents, fewer."""
    if value is None:
        return "not defined"
    if abs(value) < 1000:
        return f"{value:.4f}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _metrics_table(metrics: Mapping[str, Any], key: str, champion: Mapping[str, Any] | None) -> str:
    live = (champion or {}).get(key)
    rows = []
    for name, title in TITLES.items():
        if name not in metrics:
            continue
        metric = metrics[name]
        row = [title, _number(metric["value"]), f"± {_number(metric['standard_deviation'])}"]
        rows.append([*row, _number(live.get(name, {}).get("value"))] if live else row)
    content = table(["", "this model", "deviation", *(["champion"] if live else [])], rows)
    if champion and "error" in champion:
        content += paragraph(f"The champion could not be scored: {champion['error']}")
    return content


def _confusion(matrix: Mapping[str, Mapping[str, int]] | None) -> Iterator[str]:
    if not matrix:
        return
    if len(matrix) > SHOWN_CLASSES:
        yield section("Confusion matrix", paragraph(f"Of {len(matrix)} classes: see evaluation.json."))
        return
    head = ["", *(f"predicted {label}" for label in matrix)]
    rows = [[f"actually {label}", *(str(count) for count in row.values())] for label, row in matrix.items()]
    yield section("Confusion matrix", table(head, rows))


def _curves(metrics: Mapping[str, Any]) -> Iterator[str]:
    roc = metrics.get("receiver_operating_characteristic_curve")
    if roc:
        drawn = curve("ROC curve", roc["false_positive_rates"], roc["true_positive_rates"])
        note = "Share of the negatives called positive (across) against share of the positives found (up)."
        yield section("ROC curve", drawn + paragraph(note))
    precision = metrics.get("precision_recall_curve")
    if precision:
        drawn = curve("Precision-recall curve", precision["recalls"], precision["precisions"], diagonal=False)
        note = "Share of the positives found (across) against share of those called positive that are (up)."
        yield section("Precision-recall curve", drawn + paragraph(note))
    calibration = metrics.get("calibration_curve")
    if calibration:
        drawn = curve("Calibration curve", calibration["mean_scores"], calibration["positive_ratios"])
        note = "Mean score (across) against share of positives (up), in ten bins of scores; ideal is the diagonal."
        yield section("Calibration curve", drawn + paragraph(note))


def _slices(slices: Sequence[Mapping[str, Any]], key: str) -> Iterator[str]:
    names = SLICE_METRICS[key]
    for column in dict.fromkeys(part["column"] for part in slices):
        rows = [
            [str(part["value"]), str(part["item_count"]), *(_with_deviation(part["metrics"][name]) for name in names)]
            for part in slices
            if part["column"] == column
        ]
        head = ["", "rows", *(TITLES[name].removesuffix(" (less is better)") for name in names)]
        yield section(f"By {column}", table(head, rows))


def _with_deviation(metric: Mapping[str, float | None]) -> str:
    if metric["value"] is None or metric["standard_deviation"] is None:
        return _number(metric["value"])
    return f"{_number(metric['value'])} ± {_number(metric['standard_deviation'])}"


def _importances(importances: Mapping[str, float]) -> str:
    total = sum(importances.values())
    if not total:
        return paragraph("The model uses no feature.")
    top = sorted(importances.items(), key=lambda item: -item[1])[:SHOWN_FEATURES]
    return bars("Importance", {name: gain / total for name, gain in top})


def _data_table(counts: Mapping[str, Any]) -> str:
    """counts: counts.json."""
    notes, what = _split_notes(counts)
    rows = [
        (name, str(counts[name]), notes.get(name, "")) for name in ("train", "validation", "test") if name in counts
    ]
    if "rejected" in counts:
        rows.append(("rejected", str(counts["rejected"]), ""))
    return table(("", "rows", what), rows)


def _split_notes(counts: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """By split what its target is like, and the column's heading."""
    if counts.get("positive_ratio"):
        return {name: f"{ratio:.1%}" for name, ratio in counts["positive_ratio"].items()}, "positive"
    if counts.get("target_mean"):
        return {name: _number(mean) for name, mean in counts["target_mean"].items()}, "mean target"
    classes = counts.get("classes") or {}
    notes = {name: ", ".join(f"{label}: {rows}" for label, rows in held.items()) for name, held in classes.items()}
    return notes, "classes"


def _hyperparameter_rows(training: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for name, value in training.get("hyperparameters", {}).items():
        yield str(name), str(value)
    if training.get("best_iteration") is not None:
        yield "rounds kept", str(training["best_iteration"] + 1)
