"""Two models of the same customers that answer differently: trained once, for every test of production."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.local_stage import ROOT, SLUICE, LocalStage, write_churn
from tests.e2e.trained_model import TrainedModel, churn_definition
from tests.e2e.versions import Artifact, rounded

TELCO = ROOT.parent / "shared" / "data" / "telco_churn.csv"
"""Real customers. It is not part of the project: without it, made-up ones serve."""

_HYPERPARAMETERS = ({"num_round": 20, "max_depth": 3}, {"num_round": 10, "max_depth": 5})


def train_two(stage: LocalStage, folder: Path) -> tuple[Artifact, Artifact]:
    models = [TrainedModel(stage, f"artifact-{name}", folder) for name in ("a", "b")]
    definition, data = _customers(stage, folder)
    for model, hyperparameters in zip(models, _HYPERPARAMETERS, strict=True):
        training = {**definition.get("training", {}), "hyperparameters": hyperparameters}
        model.define(yaml.safe_dump({**definition, "name": model.name, "training": training}))
        model.upload(data)
    packages = [_package(model) for model in models]
    golden = [
        _json(model, package, "evaluation", "golden.json") for model, package in zip(models, packages, strict=True)
    ]
    probe, scores = _told_apart(*golden)
    first, second = (
        Artifact(
            package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"],
            _json(model, package, "definition", "definition.json"),
            document,
            probe,
            score,
        )
        for model, package, document, score in zip(models, packages, golden, scores, strict=True)
    )
    return first, second


def _customers(stage: LocalStage, folder: Path) -> tuple[dict[str, Any], bytes]:
    if not TELCO.exists():
        return churn_definition("either"), write_churn(folder / "churn.csv").read_bytes()
    inferred = folder / "model.yaml"
    stage.run([SLUICE, "init", TELCO, "--target", "Churn", "--name", "either", "--out", inferred])
    return yaml.safe_load(inferred.read_text()), TELCO.read_bytes()


def _package(model: TrainedModel) -> dict[str, Any]:
    (execution,) = model.ended()
    assert execution["status"] == "SUCCEEDED", execution
    package_arn = json.loads(execution["output"])["package_arn"]
    found: dict[str, Any] = model.client("sagemaker").describe_model_package(ModelPackageName=package_arn)
    return found


def _json(model: TrainedModel, package: Mapping[str, Any], fact: str, file: str) -> dict[str, Any]:
    folder = package["CustomerMetadataProperties"][fact].rpartition("/")[0]
    document: dict[str, Any] = json.loads(model.read(f"{folder}/{file}"))
    return document


def _told_apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[dict[str, Any], list[float]]:
    """The record on which the two differ most, of those that both were evaluated on; and their scores."""
    scores = [zip(golden["records"], golden["scores"], strict=True) for golden in (one, other)]
    known = {json.dumps(record): score for record, score in scores[0]}
    both = [(record, known[json.dumps(record)], score) for record, score in scores[1] if json.dumps(record) in known]
    record, first, second = max(both, key=lambda found: abs(found[1] - found[2]))
    assert abs(first - second) > 1e-3, "the two models are to be told apart"
    return record, [rounded(first), rounded(second)]
