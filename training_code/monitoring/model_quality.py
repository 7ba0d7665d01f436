"""What the labels that are known by now say of the model: evaluate.py's metrics beside the test split's."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from codec.codec import BINARY, Floats
from evaluation.artifacts import Task, task_of
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap, Metrics
from monitoring.check_plan import MonitoringSettings
from monitoring.claims import Claim, Document
from monitoring.measures import share
from monitoring.observed import Observed, Truths
from monitoring.reference import Metric, Reference
from serving.artifact import Artifact

MODEL_QUALITY = "model-quality"
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "calibration_error", "mae", "mse", "rmse", "mape"})
# In the target's unit, which no default could know: how much worse they may be is a share of the test split's value.
RELATIVE = frozenset({"mae", "mse", "rmse", "mape"})
# What a binary answer without its probability still tells.
OF_LABELS_ONLY = ("accuracy", "precision", "recall", "f1")


def measure_quality(
    settings: MonitoringSettings, reference: Reference, observed: Observed, artifact: Artifact
) -> tuple[Document, list[Claim]]:
    truth = observed.truth
    document: Document = {
        "status": "not-measured",
        "labelled_rows": truth.rows,
        "measured_rows": len(truth.labels),
        "labelled_requests": truth.requests,
        "earlier_labelled_requests": truth.earlier_requests,
        "requests": observed.requests,
        "coverage": share(truth.requests, observed.requests),
        "duplicates": truth.duplicates,
        "conflicting": truth.conflicting,
        "unmatched": truth.unmatched,
        "metrics": [],
    }
    if not truth.rows:
        return {**document, "reason": "No label of this window's requests is known yet."}, []
    if truth.rows < settings.min_labels:
        reason = f"{truth.rows:,} rows have a label so far; {settings.min_labels:,} are needed."
        return {**document, "status": "not-enough-data", "reason": reason}, []
    measured = _measured(truth, artifact)
    metrics = [_metric(name, found, reference.metrics.get(name)) for name, found in measured.items()]
    document["metrics"] = metrics
    judged = next((metric for metric in metrics if metric["name"] == settings.quality_metric), None)
    reason = _why_not(settings.quality_metric, judged)
    if judged is None or reason:
        return {**document, "status": "not-enough-data", "reason": reason}, []
    return document, [_claim(judged, settings.max_loss)]


def _measured(truth: Truths, artifact: Artifact) -> Metrics:
    """Of the rows with a score; of a binary task where answers held labels only, what labels tell."""
    target = artifact.codec.target
    scores = np.asarray(truth.scores)
    scored = np.isfinite(scores.reshape(len(scores), -1)).all(axis=1)
    if target.task == BINARY and not scored.any():
        known = truth.predicted >= 0
        found = _metrics(Binary(0.5), truth.labels[known], truth.predicted[known].astype(np.float64))
        return {name: found[name] for name in OF_LABELS_ONLY if name in found}
    return _metrics(task_of(artifact, target.classes), truth.labels[scored], scores[scored])


def _metrics(task: Task, labels: Floats, scores: Any) -> Metrics:
    return task.metrics(labels, scores, Bootstrap()) if len(labels) else {}


def _metric(name: str, found: Mapping[str, float | None], baseline: Metric | None) -> Document:
    """loss: positive is worse, in the metric's unit."""
    value, before = found["value"], baseline.value if baseline else None
    loss = None
    if value is not None and before is not None:
        loss = value - before if name in LOWER_IS_BETTER else before - value
    return {
        "name": name,
        "value": value,
        "deviation": found["standard_deviation"],
        "baseline": before,
        "baseline_deviation": baseline.deviation if baseline else None,
        "loss": loss,
        "bound": None,
        "judged": False,
        "p_value": None,
        "adjusted_p_value": None,
        "violated": False,
    }


def _why_not(name: str, judged: Document | None) -> str | None:
    if judged is None:
        return f"{name} cannot be measured from these answers."
    if judged["value"] is None:
        return f"{name} is not defined on these rows: their labels are too much alike."
    if judged["loss"] is None:
        return f"{name} was not measured on the test split: there is nothing to compare with."
    if judged["deviation"] is None or judged["baseline_deviation"] is None:
        return f"How far {name} scatters is not known, so a difference says nothing."
    return None


def _claim(judged: Document, max_loss: float) -> Claim:
    """The loss against chance: both sides' bootstrap deviations together, one-sided."""
    name, value, before = judged["name"], judged["value"], judged["baseline"]
    bound = max_loss * abs(before) if name in RELATIVE else max_loss
    scatter = math.hypot(judged["deviation"], judged["baseline_deviation"])
    # Without any scatter both are constant: then what is worse is worse.
    p_value = float(stats.norm.sf(judged["loss"] / scatter)) if scatter else float(judged["loss"] <= 0)
    judged |= {"judged": True, "bound": bound, "p_value": p_value}
    check = "GreaterThanThreshold" if name in LOWER_IS_BETTER else "LessThanThreshold"
    text = f"{name} is {value:.4g} on labelled rows, {before:.4g} on the test split; it may be worse by {bound:.3g}."
    return Claim(MODEL_QUALITY, "", check, p_value, judged["loss"], bound, text, metric=name, place=name)
