"""What the gate cannot decide waits for a person, whatever the approval says."""

import json
from typing import Any

from tests.e2e.trained_model import TrainedModel

AUTOMATIC: dict[str, Any] = {"approval": "automatic"}


def package_of(model: TrainedModel, run: dict[str, Any]) -> dict[str, Any]:
    package: dict[str, Any] = model.client("sagemaker").describe_model_package(ModelPackageName=run["package_arn"])
    return package


def checks_of(model: TrainedModel, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    gate = json.loads(model.read(f"{run['evaluation_uri']}gate.json"))
    return {check["name"]: check for check in gate["checks"]}


def test_a_challenger_is_held_against_the_champion_on_the_same_rows(model: TrainedModel) -> None:
    first = model.train(evaluation={"slices": ["plan"]})
    assert checks_of(model, first)["champion.auc"]["outcome"] == "skipped"
    model.deploy(first["package_arn"])

    second = model.train(evaluation={"slices": ["plan"]}, gate={"slices": {"minimum_rows": 10}})

    checks = checks_of(model, second)
    assert checks["champion.auc"]["outcome"] == "pass", checks["champion.auc"]
    assert checks["data.drift"]["outcome"] == "pass", checks["data.drift"]
    assert checks["data.rows"]["outcome"] == "pass", checks["data.rows"]
    assert any(name.startswith("slices.") and check["value"] is not None for name, check in checks.items())
    evaluation = json.loads(model.read(f"{second['evaluation_uri']}evaluation.json"))
    assert evaluation["champion"]["differences"]["auc"]["method"] == "delong"


def test_a_champion_whose_artifact_is_gone_needs_a_person(model: TrainedModel) -> None:
    first = model.train()
    model.deploy(first["package_arn"])
    for key in model.keys(f"runs/{first['run_id']}/model/"):
        model.client("s3").delete_object(Bucket=model.stage.bucket, Key=key)

    second = model.train(**AUTOMATIC)

    package = package_of(model, second)
    assert second["verdict"] == "needs-human"
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert "not there any more" in package["ApprovalDescription"].split(". ")[0]


def test_another_feature_set_needs_a_person(model: TrainedModel) -> None:
    data = {
        "target": "churned",
        "positive_label": "Yes",
        "key": "customer_id",
        "features": {"tenure": {"type": "numeric"}, "monthly": {"type": "numeric"}},
        "drop": ["plan"],
    }
    model.deploy(model.train(data=data)["package_arn"])

    second = model.train(**AUTOMATIC)

    check = checks_of(model, second)["champion.features"]
    assert (check["outcome"], second["verdict"]) == ("fail", "needs-human")
    assert "plan" in check["reason"]
    assert package_of(model, second)["ModelApprovalStatus"] == "PendingManualApproval"


def test_data_that_shrank_needs_a_person(model: TrainedModel) -> None:
    model.define()
    model.upload(rows=4000, seed=1)
    model.ended()
    model.define(**AUTOMATIC)
    model.upload(rows=1500, seed=2)

    run = json.loads(model.ended(2)[-1]["output"])

    assert run["verdict"] == "needs-human"
    assert checks_of(model, run)["data.rows"]["outcome"] == "fail"


def test_the_report_of_a_version_tells_what_was_decided(model: TrainedModel) -> None:
    run = model.train()

    report = model.read(run["report_uri"]).decode()
    block = report.split('<script type="application/json" id="run">')[1].split("</script>")[0]
    facts = json.loads(block)

    assert (facts["verdict"], facts["version"], facts["status"]) == ("pass", run["version"], run["status"])
    assert [job["step"] for job in facts["jobs"]] == ["preprocess", "train", "evaluate"]
    assert all(job["seconds"] > 0 for job in facts["jobs"])
    assert "sluice approve" in facts["commands"]["approve"]
