"""The scheduled functions under their own rights, for a model of which the bucket knows nothing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from sluice.alias import Alias
from sluice.aws.aliases import Aliases
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates
from sluice.aws.table import StateTable
from sluice.naming import endpoint_config_name, endpoint_name
from sluice.rollout import PackageRef
from tests.e2e.local_stage import LocalStage
from tests.events import load_event
from tests.waiting import eventually

MODEL = "elsewhere"
ENDPOINT = endpoint_name("dev", MODEL)


@pytest.fixture
def events(stack: LocalStage) -> Any:
    """Ours, as they come."""
    sqs, bus = stack.client("sqs"), stack.client("events")
    url = sqs.create_queue(QueueName="late-deployments")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.put_rule(Name="late-deployments", EventPattern=json.dumps({"detail-type": ["Endpoint Ready"]}))
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    bus.put_targets(Rule="late-deployments", Targets=[{"Id": "queue", "Arn": arn}])

    def come() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["detail"] for message in messages]

    return come


def test_a_late_deployment_is_looked_at_and_an_idle_endpoint_left_alone(stack: LocalStage, events: Any) -> None:
    put_a_late_deployment(stack)

    invoke(stack, "clean-up", "clean_up", {})

    told: list[dict[str, Any]] = []
    eventually(lambda: told.extend(events()) or {"stage": "dev", "model": MODEL} in told)
    # Its endpoint is nowhere, and nothing removed it: the alias is looked at, and stays.
    assert invoke(stack, "reap-endpoints", "reap_endpoints", {"REAP_IDLE_HOURS": "1"})["missing"] >= 1


def put_a_late_deployment(stack: LocalStage) -> None:
    session = boto3.Session(
        aws_access_key_id=stack.exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=stack.exports["AWS_SECRET_ACCESS_KEY"],
        region_name=stack.exports["AWS_DEFAULT_REGION"],
    )
    resource: Any = session.resource("dynamodb", endpoint_url=stack.endpoint_url)
    table = StateTable(resource.Table(stack.outputs["StateTableName"]))
    asked_at = datetime.now(UTC) - timedelta(hours=1)
    queued = Deployment(
        PackageRef("arn:aws:sagemaker:us-east-1:000000000000:model-package/sluice-dev-elsewhere/1", 1),
        endpoint_config_name("dev", MODEL, 1, "cause"),
        "cause",
        "it was approved",
        "ada",
        asked_at,
        ENDPOINT,
        "serverless",
    )
    assert ProductionStates(table, lambda: asked_at).put(ProductionRecord(MODEL, queued=queued))
    Aliases(stack.client("ssm"), "dev").put(Alias(MODEL, ENDPOINT, "serverless", 1, "s3://b/d.json", {}))


def invoke(stack: LocalStage, function: str, event: str, variables: dict[str, str]) -> Any:
    functions, name = stack.client("lambda"), f"sluice-dev-{function}"
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**before, **variables}})
    try:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(load_event(event)).encode())
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})
    told = answer["Payload"].read().decode()
    assert "FunctionError" not in answer, told
    return json.loads(told)
