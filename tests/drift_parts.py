"""The dimensions of a check's findings: what each of them looks like when it has moved, and when it has not."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests import drift_numbers as numbers
from tests.drift_numbers import Findings

WINDOW = {"start": "2026-11-20T13:00:00+00:00", "end": "2026-11-20T14:00:00+00:00"}
SINCE = "2026-11-20T09:00:00+00:00"
RECORD: Mapping[str, Any] = {
    "tenure": 3,
    "Contract": "Month-to-month",
    "MonthlyCharges": 94.2,
    "TotalCharges": "",
    "PaymentMethod": "Electronic check",
    "TechSupport": "No",
}


def churn_features(moved: bool) -> list[Findings]:
    rng = np.random.default_rng(7)
    tenure = rng.integers(0, 73, 4930).astype(float)
    now = np.floor(rng.beta(1, 3, 1240) * 76) if moved else rng.integers(0, 73, 1240).astype(float)
    charges = rng.normal(65, 30, 4930).clip(18, 119).round(2)
    contract = {"Month-to-month": 0.55, "Two year": 0.24, "One year": 0.21}
    later = {"Month-to-month": 0.74, "Two year": 0.11, "One year": 0.12} if moved else contract
    payment = {"Electronic check": 0.34, "Mailed check": 0.23, "Bank transfer": 0.22, "Credit card": 0.21}
    made = [
        numbers.number("tenure", tenure, now),
        numbers.levels("Contract", contract, later, unseen=0.03 if moved else 0.0),
        numbers.number("MonthlyCharges", charges, rng.normal(65.5, 30, 1240).clip(18, 121).round(2)),
        numbers.levels("PaymentMethod", payment, payment),
        numbers.levels("TechSupport", {"No": 0.49, "Yes": 0.51}, {"No": 0.5, "Yes": 0.5}),
    ]
    made[2] |= {"missing_share": 0.002, "baseline_missing_share": 0.0015, "unreadable_share": 0.0008}
    for feature, importance in zip(made, (0.31, 0.24, 0.12, 0.05, 0.03), strict=True):
        feature["importance"] = importance
    if moved:
        made[0] |= {"since": SINCE, "score_effect": 0.42, "example": _example(0.91)}
        made[1] |= {"since": WINDOW["end"], "score_effect": 0.17, "example": _example(0.88)}
    return made


def _example(score: float) -> Findings:
    return {"record": dict(RECORD), "score": score, "event_id": "0e1c8ea5-6b1c-4a56-9a68-8f2d6c0f1a77"}


def scores(shift: float) -> Findings:
    rng = np.random.default_rng(9)
    before, now = rng.beta(1.4, 3.4, 704), rng.beta(1.4 + shift, 3.4, 1240)
    return numbers.number("score", before, now) | ({"since": WINDOW["end"]} if shift else {})


def labels(share: float) -> Findings:
    return numbers.levels("label", {"Yes": 0.27, "No": 0.73}, {"Yes": share, "No": 1 - share})


def quality(values: Mapping[str, tuple[float, float]], judged: str) -> Findings:
    metrics = [_metric(name, *pair, judged=name == judged) for name, pair in values.items()]
    return {
        "status": "drift" if any(metric["violated"] for metric in metrics) else "no-drift",
        "labelled_rows": 600,
        "measured_rows": 600,
        "labelled_requests": 600,
        "requests": 1200,
        "coverage": 0.5,
        "duplicates": 4,
        "conflicting": 1,
        "unmatched": 12,
        "metrics": metrics,
    }


def _metric(name: str, value: float, baseline: float, judged: bool) -> Findings:
    loss = value - baseline if name in ("mae", "log_loss") else baseline - value
    bound = 0.05 * baseline if name == "mae" else 0.05
    lost = judged and loss >= bound
    return {
        "name": name,
        "value": value,
        "deviation": abs(baseline) * 0.021,
        "baseline": baseline,
        "baseline_deviation": abs(baseline) * 0.018,
        "loss": loss,
        "bound": bound if judged else None,
        "judged": judged,
        **(numbers.tested(2e-5 if lost else 0.3) if judged else {"p_value": None, "adjusted_p_value": None}),
        "violated": lost,
    }


def bias(violated: bool) -> Findings:
    rates = {("gender", "Female"): 0.44, ("gender", "Male"): 0.31 if violated else 0.43, ("SeniorCitizen", "1"): 0.4}
    slices = [
        {
            "column": column,
            "value": value,
            "kind": "value",
            "rows": 600,
            "selection_rate": rate,
            "baseline_selection_rate": 0.28,
            "true_positive_rate": rate + 0.2,
            "baseline_true_positive_rate": 0.55,
            "false_positive_rate": None,
            "baseline_false_positive_rate": 0.11,
        }
        for (column, value), rate in rates.items()
    ]
    gap = rates["gender", "Female"] - rates["gender", "Male"]
    return {
        "status": "drift" if violated else "no-drift",
        "slices": slices,
        "gaps": [
            _gap("selection_rate", gap, violated),
            _gap("true_positive_rate", 0.04, False),
        ],
    }


def _gap(measure: str, gap: float, violated: bool) -> Findings:
    values = {
        "column": "gender",
        "measure": measure,
        "between": ["Female", "Male"],
        "gap": gap,
        "baseline_gap": 0.01,
        "change": gap - 0.01,
    }
    return values | {"bound": 0.1, **numbers.tested(1e-5 if violated else 0.5), "violated": violated}


def attribution(moved: bool) -> Findings:
    names = ["tenure", "Contract", "MonthlyCharges", "TechSupport", "PaymentMethod"]
    now = ["Contract", "MonthlyCharges", "TechSupport", "tenure", "PaymentMethod"] if moved else names
    shares = (0.36, 0.28, 0.19, 0.11, 0.06)
    features = [
        {
            "name": name,
            "share": shares[now.index(name)],
            "baseline_share": shares[names.index(name)],
            "rank": now.index(name) + 1,
            "baseline_rank": names.index(name) + 1,
        }
        for name in now
    ]
    ndcg = 0.84 if moved else 0.998
    status = "drift" if moved else "no-drift"
    return {"status": status, "ndcg": ndcg, "bound": 0.9, "rows": 1240, "features": features}


def operations() -> Findings:
    latency = {"average": 3.4, "p50": 2.9, "p99": 11.8, "maximum": 48.0}
    return {
        "status": "reported",
        "invocations": 1205,
        "errors_4xx": 3,
        "errors_5xx": 0,
        "model_latency_ms": latency,
        "overhead_latency_ms": {name: value / 2 for name, value in latency.items()},
        "cold_starts": None,
        "instances": 2,
    }


UNMEASURED: Mapping[str, Findings] = {
    "data-quality": {"features": []},
    "predictions": {"outputs": [], "labels": None},
    "model-quality": {"metrics": []},
    "bias": {"slices": [], "gaps": []},
    "attribution": {"features": []},
}


def unmeasured(dimension: str, status: str, reason: str) -> Findings:
    return {"status": status, "reason": reason, **UNMEASURED[dimension]}


def violation(name: str, kind: str, dimension: str, text: str, since: str = WINDOW["end"]) -> Findings:
    return {
        "feature_name": name,
        "constraint_check_type": kind,
        "description": text,
        "dimension": dimension,
        "since": since,
    }
