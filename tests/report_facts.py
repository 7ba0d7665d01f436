"""Facts as evaluate.py hands them to the report: small, whole, and made of numbers that fit each other.

By hand and not by evaluation/report_facts.py, so that the page is held to what was agreed, and not to what is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sluice.definition.gate import METRICS_OF_TASK
from tests import report_numbers as numbers
from tests.report_numbers import Facts

BINARY_METRICS, MULTICLASS_METRICS, REGRESSION_METRICS = (
    METRICS_OF_TASK[task] for task in ("binary", "multiclass", "regression")
)
FEATURES = ("tenure", "Contract", "MonthlyCharges", "TotalCharges", "InternetService", "PaymentMethod", "TechSupport")
CATEGORIES = {"Contract", "InternetService", "PaymentMethod", "TechSupport"}
CHAMPION_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/churn/6"
NOTHING = {"value": None, "standard_deviation": None}
OWN_THRESHOLD, CHAMPION_THRESHOLD = 0.4312, 0.5


def binary(champion: bool = True, labels: Sequence[str] = ("No", "Yes"), features: Sequence[str] = FEATURES) -> Facts:
    rng = np.random.default_rng(7)
    actual = rng.random(704) < 0.27
    scores = {"challenger": numbers.scores(rng, actual, 1.25), "champion": numbers.scores(rng, actual, 1.05)}
    models = ("challenger", "champion") if champion else ("challenger",)
    own = {**_metrics(BINARY_METRICS, 0.02), **numbers.curves(actual, scores["challenger"])}
    own["confusion_matrix"] = numbers.matrix(actual, scores["challenger"] >= OWN_THRESHOLD)
    live = {
        "package_arn": CHAMPION_ARN,
        "threshold": CHAMPION_THRESHOLD,
        "binary_classification_metrics": {
            **_metrics(BINARY_METRICS, 0.0),
            "confusion_matrix": numbers.matrix(actual, scores["champion"] >= CHAMPION_THRESHOLD),
        },
        "differences": _differences(BINARY_METRICS),
        "features": {"added": [features[-1]], "removed": ["gender"], "retyped": []},
    }
    evaluation = {
        "task": "binary",
        "binary_classification_metrics": own,
        "dataset": {"item_count": 704, "positive_count": int(actual.sum())},
        "threshold": OWN_THRESHOLD,
        "slices": _slices("Contract", BINARY_METRICS, champion) + _slices("SeniorCitizen", BINARY_METRICS, champion),
        "champion": live if champion else None,
        "data": _data(_class_counts(labels), champion, features),
        "importance": _importance(features),
    }
    at = np.unique([*np.linspace(0, 1, 199).tolist(), OWN_THRESHOLD, *([CHAMPION_THRESHOLD] if champion else [])])
    return {
        **_common("churn", "binary", evaluation, features),
        "classes": list(labels),
        "positive_label": labels[1],
        "scores": {"edges": np.linspace(0, 1, 51).tolist(), "champion": None}
        | {model: numbers.histogram(actual, scores[model]) for model in models},
        "thresholds": {"at": at.tolist(), "champion": None}
        | {model: numbers.by_threshold(actual, scores[model], at) for model in models},
        "champion_curves": numbers.curves(actual, scores["champion"]) if champion else None,
    }


def multiclass(classes: Sequence[str] = ("basic", "plus", "premium", "none of these"), champion: bool = True) -> Facts:
    rng = np.random.default_rng(3)
    matrix, live = (numbers.class_matrix(rng, classes, right) for right in (0.8, 0.72))
    own = {**_metrics(MULTICLASS_METRICS, 0.02), "confusion_matrix": matrix}
    evaluation = {
        "task": "multiclass",
        "multiclass_classification_metrics": own,
        "dataset": {"item_count": sum(sum(row.values()) for row in matrix.values())},
        "threshold": None,
        "slices": _slices("region", MULTICLASS_METRICS, champion),
        "champion": {
            "package_arn": CHAMPION_ARN,
            "threshold": None,
            "multiclass_classification_metrics": {**_metrics(MULTICLASS_METRICS, 0.0), "confusion_matrix": live},
            "differences": _differences(MULTICLASS_METRICS),
            "features": {"added": [], "removed": [], "retyped": []},
        }
        if champion
        else None,
        "data": _data(_class_counts(classes), champion, FEATURES),
        "importance": _importance(FEATURES),
    }
    per_class = {
        label: {"precision": 0.5 + 0.4 / (at + 1), "recall": 0.7, "f1": 0.6 + 0.3 / (at + 1), "support": 40 + at}
        for at, label in enumerate(classes)
    }
    facts = _common("plan", "multiclass", evaluation, FEATURES)
    return {**facts, "classes": list(classes), "positive_label": None, "scores": {"per_class": per_class}}


def regression() -> Facts:
    rng = np.random.default_rng(5)
    actual = rng.normal(40, 12, 500)
    own, live = (actual + rng.normal(0, deviation, 500) for deviation in (4, 5))
    edges = np.linspace(-18, 18, 37)
    evaluation = {
        "task": "regression",
        "regression_metrics": _metrics(REGRESSION_METRICS, 0.02),
        "dataset": {"item_count": 500},
        "threshold": None,
        "slices": _slices("region", REGRESSION_METRICS, True),
        "champion": {
            "package_arn": CHAMPION_ARN,
            "threshold": None,
            "regression_metrics": _metrics(REGRESSION_METRICS, 0.0),
            "differences": _differences(REGRESSION_METRICS),
            "features": {"added": [], "removed": [], "retyped": ["tenure"]},
        },
        "data": _data({"target_mean": {"train": 40.1, "validation": 39.2, "test": 40.9}}, True, FEATURES),
        "importance": _importance(FEATURES),
    }
    scores = {
        "residuals": {"counts": numbers.count(own - actual, edges), "edges": edges.tolist()},
        "points": numbers.points(actual, own),
        "champion_points": numbers.points(actual, live),
    }
    scores["residuals"]["champion_counts"] = numbers.count(live - actual, edges)
    facts = _common("spend", "regression", evaluation, FEATURES)
    return {**facts, "classes": None, "positive_label": None, "scores": scores}


def degenerate() -> Facts:
    """A model of a constant: nothing varies, most metrics are not defined, no feature is used."""
    facts = regression()
    facts["scores"] = {
        "residuals": {"counts": [3, 0], "edges": [0.0, 0.0, 0.0], "champion_counts": [3, 0]},
        "points": [[7.0, 7.0]] * 3,
        "champion_points": [[7.0, 7.0]] * 3,
    }
    evaluation = facts["evaluation"]
    for model in (evaluation, evaluation["champion"]):
        model["regression_metrics"] = {name: dict(NOTHING) for name in REGRESSION_METRICS}
    equal = {"value": 0.0, "standard_deviation": 0.0, "method": "paired-bootstrap"}
    evaluation["champion"]["differences"] = dict.fromkeys(REGRESSION_METRICS, equal)
    evaluation["importance"] = {"gain": dict.fromkeys(FEATURES, 0.0), "shap": dict.fromkeys(FEATURES, 0.0)}
    evaluation["data"]["counts"] |= {"train": 0, "target_mean": {"train": None, "validation": 7.0, "test": 7.0}}
    evaluation["data"]["drift"] = {
        "features": [{"feature": "tenure", "type": "numeric", "psi": None, "reason": "No row."}]
    }
    facts["shap"] = {
        "features": [{"feature": "tenure", "type": "numeric", "mean_abs": 0.0, "points": [[0.0, None]] * 3}]
    }
    series = {"train-rmse": [0.0, 0.0], "validation-rmse": [0.0, 0.0]}
    facts["learning"] = {"evals": {"rounds": [0, 1], "series": series}, "best_iteration": 0}
    return facts


def old_evaluation() -> Facts:
    """Of a version that measured metrics and curves only."""
    facts = binary()
    evaluation = facts["evaluation"]
    for name in ("data", "importance"):
        del evaluation[name]
    for name in ("differences", "features"):
        del evaluation["champion"][name]
    for part in evaluation["slices"]:
        del part["champion"]
    missing = ("scores", "thresholds", "champion_curves", "shap", "learning", "data", "rejects")
    return {name: (None if name in missing else value) for name, value in facts.items()}


def _common(title: str, task: str, evaluation: Facts, features: Sequence[str]) -> Facts:
    rng = np.random.default_rng(1)
    rounds = list(range(120))
    names = {"binary": ("auc", "logloss"), "multiclass": ("mlogloss", "merror"), "regression": ("rmse", "mae")}[task]
    series = {f"{split}-{name}": numbers.series(name, split) for name in names for split in ("train", "validation")}
    shap = [
        {
            "feature": name,
            "type": "categorical" if name in CATEGORIES else "numeric",
            "mean_abs": 0.5 / (at + 1),
            "points": numbers.swarm(rng, 0.6 / (at + 1), name in CATEGORIES),
        }
        for at, name in enumerate(features[:15])
    ]
    return {
        "title": title,
        "task": task,
        "made_at": "2026-11-03T14:05:09Z",
        "evaluation": evaluation,
        "thresholds": None,
        "champion_curves": None,
        "shap": {"features": shap},
        "learning": {"evals": {"rounds": rounds, "series": series}, "best_iteration": 87},
        "hyperparameters": {"algorithm": "xgboost", "max_depth": 4, "eta": 0.1, "monotone_constraints": {}},
        "data": {"features": [_feature(at, name) for at, name in enumerate(features)]},
        "rejects": [
            {"where": "row 17, column TotalCharges", "reason": "'n/a' is not a number"},
            {"where": "row 340, column Churn", "reason": "'maybe' is neither 'Yes' nor 'No'"},
        ],
    }


def _metrics(names: Iterable[str], shift: float) -> Facts:
    values = {"rmse": 4.05 - shift, "mse": 16.4, "mae": 3.2}
    return {
        name: {"value": values.get(name, 0.6 + shift + 0.02 * at), "standard_deviation": 0.016}
        for at, name in enumerate(names)
    }


def _differences(names: Sequence[str]) -> Facts:
    """One shown to be better, one worse, the others not told apart; the last one not defined."""
    differences: Facts = {
        name: {"value": 0.02, "standard_deviation": 0.012, "method": "delong" if name == "auc" else "paired-bootstrap"}
        for name in names
    }
    differences[names[0]]["standard_deviation"] = 0.004
    differences[names[1]] |= {"value": -0.02, "standard_deviation": 0.004}
    differences[names[-1]] |= {"value": None, "standard_deviation": None}
    return differences


def _slices(column: str, names: Sequence[str], champion: bool) -> list[Facts]:
    parts = [("Month-to-month", "value", 380), ("One year", "value", 150), ("other", "other", 120), ("", "missing", 54)]
    slices = [
        {
            "column": column,
            "value": value,
            "kind": kind,
            "item_count": rows,
            "metrics": _metrics(names, 0.03 * at),
            "champion": {"differences": _differences(names)} if champion else None,
        }
        for at, (value, kind, rows) in enumerate(parts)
    ]
    slices[-1] |= {"metrics": {name: dict(NOTHING) for name in names}, "champion": None}
    return slices


def _data(of_target: Mapping[str, Any], champion: bool, features: Sequence[str]) -> Facts:
    counts = {"rows": 7043, "train": 5634, "validation": 703, "test": 704, "rejected": 2, **of_target}
    before = {**counts, "rows": 6800, "train": 5440, "rejected": 0}
    psi = [None, 0.31, 0.12, *(0.05 / (at + 1) for at in range(len(features)))]
    drift = [
        {"feature": name, "type": "categorical" if name in CATEGORIES else "numeric", "psi": psi[at]}
        for at, name in enumerate(features)
    ]
    return {
        "counts": counts,
        "previous": {"run_id": "261027101500-ab12", "counts": before} if champion else None,
        "drift": {"features": sorted(drift, key=lambda one: -(one["psi"] or -1))} if champion else None,
    }


def _class_counts(labels: Sequence[str]) -> Facts:
    held = {"train": 5634, "validation": 703, "test": 704}
    return {
        "classes": {split: {label: rows // (at + 2) for at, label in enumerate(labels)} for split, rows in held.items()}
    }


def _importance(features: Sequence[str]) -> Facts:
    weights = 1 / np.arange(1, len(features) + 1)
    return {
        "gain": dict(zip(features, (weights / weights.sum()).tolist(), strict=True)),
        "shap": dict(zip(features, (weights / 2).tolist(), strict=True)),
    }


def _feature(at: int, name: str) -> Facts:
    if name in CATEGORIES:
        levels = [{"value": "Month-to-month", "share": 0.55}, {"value": "One year", "share": 0.21}]
        summary = dict.fromkeys(("mean", "std", "min", "max"))
        return {
            "feature": name,
            "type": "categorical",
            "missing": 0.0,
            "distinct": 3,
            **summary,
            "levels": levels,
            "psi": 0.01,
        }
    summary = {"mean": 32.4 + at, "std": 24.6, "min": 0.0, "max": 8684.8}
    return {
        "feature": name,
        "type": "numeric",
        "missing": 0.0016,
        "distinct": None,
        **summary,
        "levels": None,
        "psi": None,
    }
