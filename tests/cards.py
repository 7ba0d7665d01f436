"""What a version's card is made of, for each task: the documents that a run leaves."""

from typing import Any

from sluice.model_card import CardFacts, Version
from tests.definitions import definition

ARN = "arn:aws:sagemaker:us-east-1:000000000000:model-package/sluice-dev-churn/3"
RUN = "s3://sluice-dev-000000000000-us-east-1/models/churn/runs/261120202448-3fa2"
METADATA = {
    "run_id": "261120202448-3fa2",
    "data_version": "s3://sluice-dev-000000000000-us-east-1/models/churn/raw/churn.csv@v1",
    "code_sha256": "9f86d081",
    "training_job": "sluice-dev-churn-261120202448-3fa2-train",
    "definition": f"{RUN}/definition/definition.json",
    "evaluation": f"{RUN}/evaluation/evaluation.json",
    "gate": f"{RUN}/evaluation/gate.json",
    "report": f"{RUN}/report/report.html",
    "verdict": "pass",
}
METRICS: dict[str, tuple[str, dict[str, Any]]] = {
    "binary": ("binary_classification_metrics", {"auc": 0.84, "f1": 0.6, "precision": None}),
    "multiclass": ("multiclass_classification_metrics", {"accuracy": 0.7, "macro_f1": 0.66, "auc": None}),
    "regression": ("regression_metrics", {"rmse": 1234.5, "r2": 0.4}),
}


def version(**changes: Any) -> Version:
    fields = {
        "stage": "dev",
        "model": "churn",
        "group": "sluice-dev-churn",
        "version": 3,
        "arn": ARN,
        "artifact": f"{RUN}/model/job/output/model.tar.gz",
        "approval_description": "Looks good",
        "decided_by": "arn:aws:iam::000000000000:user/alice",
        "metadata": METADATA,
    }
    return Version(**{**fields, **changes})


def evaluation(task: str = "binary", slices: int = 2, champion: bool = True) -> dict[str, Any]:
    key, values = METRICS[task]
    metrics = {name: {"value": value, "standard_deviation": 0.01} for name, value in values.items()}
    differences = {
        name: {"value": None if value is None else -0.002, "standard_deviation": None} for name, value in values.items()
    }
    return {
        "task": task,
        key: {**metrics, "confusion_matrix": {"0": {"0": 1, "1": 2}}, "calibration_curve": [[0.1, 0.2]]},
        "dataset": {"item_count": 150},
        "threshold": 0.42 if task == "binary" else None,
        "slices": [
            {
                "column": "plan",
                "value": f"level\n{number}",
                "kind": "value",
                "item_count": 10 + number,
                "metrics": metrics,
                "champion": None,
            }
            for number in range(slices)
        ],
        "champion": {"package_arn": ARN.replace("/3", "/2"), key: metrics, "differences": differences}
        if champion
        else None,
    }


GATE = {
    "verdict": "needs-human",
    "checks": [
        {"name": "threshold.auc", "outcome": "pass", "reason": "auc is 0.8400, at least 0.6."},
        {"name": "data.drift", "outcome": "fail", "reason": "age drifted.", "on_failure": "needs-human"},
        {"name": "slices", "outcome": "skipped", "reason": "No slice is large enough."},
    ],
    "summary": "age drifted. No slice is large enough. auc is 0.8400, at least 0.6.",
}

REPORT = {
    "hyperparameters": {"num_round": 300, "eta": 0.1, "objective": "binary:logistic", "empty": ""},
    "learning": {
        "evals": {"rounds": [0, 5, 10], "series": {"train-auc": [0.7, 0.8, 0.9], "validation-auc": [0.6, 0.8, 0.7]}},
        "best_iteration": 5,
    },
}


def card_facts(task: str = "binary", **changes: Any) -> CardFacts:
    own = {} if task == "binary" else {"data__task": task, "data__positive_label": None}
    fields: dict[str, Any] = {
        "version": version(),
        "definition": definition(**own),
        "evaluation": evaluation(task),
        "gate": GATE,
        "report": REPORT,
    }
    return CardFacts(**{**fields, **changes})
