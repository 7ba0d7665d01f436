"""Every approved version has a SageMaker Model Card, and no deployment waits for one."""

import json
from typing import Any

from botocore.exceptions import ClientError

from tests.e2e.permissions import role_of, without
from tests.e2e.trained_model import TrainedModel
from tests.waiting import eventually


def card_of(model: TrainedModel, version: int) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = model.client("sagemaker").describe_model_card(
            ModelCardName=f"sluice-dev-{model.name}-v{version}"
        )
    except ClientError:
        return None
    return found


def test_an_approval_writes_a_card_with_what_the_run_found(model: TrainedModel) -> None:
    run = model.train()
    assert card_of(model, run["version"]) is None

    model.decide(run["package_arn"], "Approved", "Better than guessing")

    card = eventually(lambda: card_of(model, run["version"]), "the card")
    content = json.loads(card["Content"])
    evaluation = json.loads(model.read(f"{run['evaluation_uri']}evaluation.json"))
    metrics = {
        metric["name"]: metric["value"]
        for metric in content["evaluation_details"][0]["metric_groups"][0]["metric_data"]
    }
    assert card["ModelCardStatus"] == "Approved"
    assert metrics["auc"] == evaluation["binary_classification_metrics"]["auc"]["value"]
    assert "Better than guessing" in content["additional_information"]["caveats_and_recommendations"]
    job = content["training_details"]["training_job_details"]
    assert {"name": "max_depth", "value": "3"} in job["hyper_parameters"]
    assert job["training_datasets"][0].startswith(f"s3://{model.stage.bucket}/models/{model.name}/raw/churn.csv@")
    eventually(lambda: "DEPLOYED" in model.actions(), "the deployment beside it")


def test_a_card_that_cannot_be_written_does_not_keep_a_version_from_production(model: TrainedModel) -> None:
    run = model.train()

    with without(model, role_of(model, "WriteModelCardRole"), "sagemaker:CreateModelCard"):
        model.deploy(run["package_arn"])
        sqs = model.client("sqs")
        url = sqs.get_queue_url(QueueName="sluice-dev-function-dead-letters")["QueueUrl"]

        def dead_letter() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            return [message for message in found if model.name in message["Body"]]

        (message,) = eventually(dead_letter, "the event among the dead letters")

    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert card_of(model, run["version"]) is None
