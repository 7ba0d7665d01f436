"""An evaluation.json that passes every check, which tests bend."""

from typing import Any

from sluice.definition import Gate
from sluice.gate import Check, Evaluation, GateDecision, decide

BINARY = "binary_classification_metrics"


def measurements(deviation: float | None = 0.01, **values: float | None) -> dict[str, Any]:
    return {name: {"value": value, "standard_deviation": deviation} for name, value in values.items()}


def differences(deviation: float | None = 0.005, **values: float | None) -> dict[str, Any]:
    entries = measurements(deviation, **values)
    return {name: {**entry, "method": "paired-bootstrap"} for name, entry in entries.items()}


def champion(deviation: float | None = 0.005, key: str = BINARY, **gains: float | None) -> dict[str, Any]:
    """One that the challenger differs from by `gains` (challenger minus champion)."""
    return {
        "package_arn": "arn:aws:sagemaker:us-east-1:0:model-package/g/1",
        key: measurements(**dict.fromkeys(gains, 0.83)),
        "differences": differences(deviation, **gains),
        "features": {"added": [], "removed": [], "retyped": []},
    }


def counts(rows: int = 1000, rejected: int = 0, **classes: int) -> dict[str, Any]:
    held = classes or {"no": 700, "yes": 300}
    return {"rows": rows, "rejected": rejected, "classes": {"train": held, "validation": {}, "test": {}}}


def drift(**psi: float | None) -> dict[str, Any]:
    """Of features that both have; null is one whose champion's data tell too little."""
    entries = [
        {"feature": name, "type": "numeric", "comparable": value is not None, "psi": value}
        for name, value in psi.items()
    ]
    return {"features": entries}


def slice_of(
    value: str, rows: int = 500, deviation: float | None = 0.01, rarest: int | None = 150, **gains: float | None
) -> dict[str, Any]:
    return {
        "column": "plan",
        "value": value,
        "kind": "value",
        "item_count": rows,
        "rarest_class_count": rarest,
        "metrics": {},
        "champion": {"differences": differences(deviation, **gains)} if gains else None,
    }


def document(**changes: Any) -> dict[str, Any]:
    """`document(champion=…)` replaces a part; a part that is `...` is left out, as an older version does."""
    whole = {
        BINARY: measurements(auc=0.84, log_loss=0.4, calibration_error=0.03),
        "dataset": {"item_count": 1000, "positive_count": 300},
        "champion": None,
        "slices": [],
        "data": {"counts": counts(), "previous": {"run_id": "r0", "counts": counts()}, "drift": drift(age=0.01)},
        "importance": {"gain": {"age": 0.5, "plan": 0.3, "fee": 0.2}, "shap": {"age": 1.0, "plan": 0.5, "fee": 0.1}},
    }
    return {name: part for name, part in {**whole, **changes}.items() if part is not ...}


def decided(policy: dict[str, Any] | None = None, **changes: Any) -> GateDecision:
    return decide(Evaluation.from_json(document(**changes)), Gate.model_validate(policy or {}))


def check(decision: GateDecision, name: str) -> Check:
    found = [check for check in decision.checks if check.name == name]
    assert len(found) == 1, f"{name}: {[check.name for check in decision.checks]}"
    return found[0]
