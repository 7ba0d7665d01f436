"""Versions to compare: small documents in the shape of evaluation.json, gate.json and definition.json."""

from typing import Any

from cli.comparing.facts import VersionFacts

OLD_DATA, NEW_DATA = "s3://b/models/churn/raw/churn.csv@aaaaaaaa11", "s3://b/models/churn/raw/churn.csv@bbbbbbbb22"


def arn(number: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:1:model-package/sluice-dev-churn/{number}"


def metric(value: float | None, deviation: float | None = 0.01) -> dict[str, float | None]:
    return {"value": value, "standard_deviation": deviation}


def part(value: str, auc: float | None, rows: int = 200, kind: str = "value") -> dict[str, Any]:
    return {"column": "plan", "value": value, "kind": kind, "item_count": rows, "metrics": {"auc": metric(auc)}}


def evaluation(auc: float | None = 0.84, log_loss: float = 0.4, rows: int = 1000, **more: Any) -> dict[str, Any]:
    return {
        "task": "binary",
        "binary_classification_metrics": {
            "auc": metric(auc),
            "log_loss": metric(log_loss),
            "confusion_matrix": {"0": {"0": 1, "1": 2}},
        },
        "dataset": {"item_count": rows, "positive_count": rows // 4},
        "threshold": 0.375,
        **more,
    }


def counts(yes: int, no: int) -> dict[str, Any]:
    return {
        "rows": yes + no + 3,
        "train": yes + no,
        "validation": 0,
        "test": 0,
        "rejected": 3,
        "classes": {"train": {"No": no, "Yes": yes}, "validation": {"No": 0, "Yes": 0}},
    }


def definition(split_seed: int = 42, **features: str) -> dict[str, Any]:
    typed = features or {"age": "numeric", "plan": "categorical"}
    return {
        "data": {
            "target": "churned",
            "key": "id",
            "mode": "snapshot",
            "split": {"seed": split_seed},
            "features": {name: {"type": kind} for name, kind in typed.items()},
        }
    }


def champion(number: int, **differences: tuple[float, float | None]) -> dict[str, Any]:
    """Of an evaluation whose champion was that version, and could be scored."""
    return {
        "package_arn": arn(number),
        "binary_classification_metrics": {"auc": metric(0.8)},
        "differences": {
            name: {"value": value, "standard_deviation": deviation, "method": "delong"}
            for name, (value, deviation) in differences.items()
        },
    }


def facts(number: int, **changes: Any) -> VersionFacts:
    fields: dict[str, Any] = {
        "model": "churn",
        "number": number,
        "arn": arn(number),
        "status": "PendingManualApproval",
        "role": "",
        "metadata": {"run_id": f"run-{number}", "data_version": OLD_DATA, "code_sha256": "f" * 64},
        "definition": definition(),
        "evaluation": evaluation(),
        "decision": {"verdict": "pass", "checks": []},
        "hyperparameters": {"eta": "0.1", "max_depth": "4"},
    }
    return VersionFacts(**{**fields, **changes})


def on_new_data(number: int, **changes: Any) -> VersionFacts:
    return facts(number, **{"metadata": {"data_version": NEW_DATA}, **changes})
