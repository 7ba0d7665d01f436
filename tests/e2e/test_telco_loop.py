"""The whole loop on real data: 7,043 telecom customers, a definition inferred from the file, both kinds of endpoint."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.local_stage import ROOT, SLUICE, LocalStage
from tests.e2e.trained_model import TrainedModel

TELCO = ROOT.parent / "shared" / "data" / "telco_churn.csv"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TELCO.exists(), reason=f"no real data here: {TELCO.name} is not part of the project"),
]


@pytest.mark.parametrize(
    "deployment",
    [
        {"mode": "serverless", "memory_mb": 2048, "max_concurrency": 2},
        {"mode": "real-time", "initial_instances": 1, "autoscaling": {"min_instances": 1, "max_instances": 3}},
    ],
    ids=["serverless", "real-time"],
)
def test_telco_customers_from_csv_to_answers(stack: LocalStage, tmp_path: Path, deployment: dict[str, Any]) -> None:
    model = TrainedModel(stack, f"telco-{deployment['mode']}", tmp_path)
    inferred = tmp_path / "model.yaml"
    stack.run([SLUICE, "init", TELCO, "--target", "Churn", "--name", model.name, "--out", inferred])
    model.define(yaml.safe_dump({**yaml.safe_load(inferred.read_text()), "deployment": deployment}))

    model.upload(TELCO.read_bytes(), "telco.csv")
    (execution,) = model.ended()

    assert execution["status"] == "SUCCEEDED", execution
    run = json.loads(execution["output"])
    metrics = json.loads(model.read(f"{run['evaluation_uri']}evaluation.json"))["binary_classification_metrics"]
    assert run["verdict"] == "pass"
    assert metrics["auc"]["value"] >= 0.81
    assert metrics["accuracy"]["value"] >= 0.77

    endpoint = model.deploy(run["package_arn"])
    assert endpoint["EndpointStatus"] == "InService"
    golden = json.loads(model.read(f"{run['evaluation_uri']}golden.json"))
    assert len(golden["records"]) == 100
    assert model.scores(golden["records"]) == pytest.approx(golden["scores"], abs=1e-6)
    assert_scaling(model, deployment)


def assert_scaling(model: TrainedModel, deployment: dict[str, Any]) -> None:
    targets = model.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{model.endpoint}/variant/AllTraffic"]
    )["ScalableTargets"]
    expected = deployment.get("autoscaling")
    assert len(targets) == (1 if expected else 0)
    if expected:
        assert (targets[0]["MinCapacity"], targets[0]["MaxCapacity"]) == (1, 3)
