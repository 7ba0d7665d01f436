"""The numbers of an evaluation.json that people look at; curves and the confusion matrix are in the report."""

from collections.abc import Mapping
from typing import Any

from sluice.gate import metrics_key

Metric = Mapping[str, float | None]


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """The metrics that are one number: value and standard_deviation, each None where it could not be computed."""
    return single_numbers(evaluation[metrics_key(evaluation)])


def single_numbers(metrics: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    return {
        name: metric
        for name, metric in metrics.items()
        # A class of the confusion matrix may be called "value".
        if name != "confusion_matrix" and isinstance(metric, dict) and "value" in metric
    }


def decision_threshold(evaluation: Mapping[str, Any]) -> float | None:
    """From which probability a binary model answers yes; None for other tasks."""
    threshold = evaluation.get("threshold")
    return float(threshold) if isinstance(threshold, int | float) else None
