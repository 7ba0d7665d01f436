"""The parts of the test set on which the two differ most."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.comparing.facts import Document
from sluice.gate import metrics_key

_SHOWN = 10
_METRIC = {
    "binary_classification_metrics": "auc",
    # A slice seldom holds every class.
    "multiclass_classification_metrics": "accuracy",
    "regression_metrics": "r2",
}
_WORDS = {"value": "{column} = {value}", "other": "{column}: other values", "missing": "{column} missing"}


@dataclass(frozen=True)
class SliceDifference:
    part: str
    metric: str
    left_rows: int
    right_rows: int
    left: float
    right: float
    difference: float


def slice_differences(left: Document | None, right: Document | None) -> tuple[SliceDifference, ...]:
    """The largest difference first; parts that only one has, or where the metric is not defined, are left out."""
    if left is None or right is None or metrics_key(left) != metrics_key(right):
        return ()
    metric = _METRIC[metrics_key(left)]
    others = {_identity(part): part for part in right.get("slices") or ()}
    found = [
        difference
        for part in left.get("slices") or ()
        if (other := others.get(_identity(part))) and (difference := _difference(metric, part, other))
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.difference))[:_SHOWN])


def _identity(part: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(part["column"]), str(part.get("kind")), str(part.get("value"))


def _difference(metric: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> SliceDifference | None:
    one, other = ((part["metrics"].get(metric) or {}).get("value") for part in (left, right))
    if one is None or other is None:
        return None
    label = _WORDS.get(left.get("kind", "value"), "{column} {value}")
    named = label.format(column=left["column"], value=left.get("value"))
    return SliceDifference(named, metric, left["item_count"], right["item_count"], one, other, other - one)
