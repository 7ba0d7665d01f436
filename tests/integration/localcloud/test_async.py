"""Asynchronous inference as boto3 meets it: input and output in S3, SNS told, a queue that outlives its instances."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import BUCKET, INSTANCE, MAY_READ, Hosting
from tests.waiting import eventually

REQUESTS = 40
ECHO_SCRIPT = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    if body == "raise":
        raise ValueError("row 1: told to")
    return "got " + body, "text/csv"
"""


class Room:
    """An asynchronous endpoint, its topic's queue, and the role of its model."""

    def __init__(self, cloud: Running) -> None:
        self.cloud, self.hosting = cloud, Hosting(cloud)
        self.name = f"async-{uuid.uuid4().hex[:6]}"
        sns, self.s3 = cloud.client("sns"), cloud.client("s3")
        self.topic = sns.create_topic(Name=self.name)["TopicArn"]
        self.queue_url, arn = cloud.queue(admits="sns.amazonaws.com")
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        writing = {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/{self.name}/*"}
        self.rights = [MAY_READ, writing, {"Action": "sns:Publish", "Resource": self.topic}]
        cloud.allow(self.hosting.role, *self.rights)
        self.config(self.name)

    def config(self, name: str) -> str:
        self.hosting.plain(f"{name}-m", ECHO_SCRIPT)
        self.hosting.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": f"{name}-m", **INSTANCE}],
            AsyncInferenceConfig={
                "OutputConfig": {
                    "S3OutputPath": f"s3://{BUCKET}/{self.name}/out",
                    "S3FailurePath": f"s3://{BUCKET}/{self.name}/failed",
                    "NotificationConfig": {"SuccessTopic": self.topic, "ErrorTopic": self.topic},
                },
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 3},
            },
        )
        return name

    def put(self, number: object, runtime: Any = None) -> dict[str, Any]:
        key = f"{self.name}/in/{number}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=str(number).encode())
        answered: dict[str, Any] = (runtime or self.hosting.runtime).invoke_endpoint_async(
            EndpointName=self.name, InputLocation=f"s3://{BUCKET}/{key}", ContentType="text/csv"
        )
        return answered

    def read(self, location: str) -> str:
        key = location.removeprefix(f"s3://{BUCKET}/")
        return str(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode())

    def told(self, count: int) -> list[dict[str, Any]]:
        return [json.loads(message["Body"]) for message in self.cloud.messages(self.queue_url, count)]

    def scale(self, count: int) -> None:
        wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count}]
        sagemaker = self.hosting.sagemaker
        sagemaker.update_endpoint_weights_and_capacities(EndpointName=self.name, DesiredWeightsAndCapacities=wanted)
        described = self.hosting.settled(self.name)
        assert described["ProductionVariants"][0]["CurrentInstanceCount"] == count


@pytest.fixture(scope="module")
def room(cloud: Running) -> Room:
    made = Room(cloud)
    made.hosting.create(made.name)
    return made


def test_answers_lie_in_s3_and_the_topic_is_told(room):
    asked = {room.put(number)["OutputLocation"]: number for number in range(REQUESTS)}
    messages = room.told(REQUESTS)
    assert {message["invocationStatus"] for message in messages} == {"Completed"}
    assert {message["responseParameters"]["outputLocation"] for message in messages} == asked.keys()
    for location, number in asked.items():
        assert room.read(location) == f"got {number}"


def test_the_answer_says_where_and_comes_before_the_inference(room):
    answered = room.put("one")
    assert answered["ResponseMetadata"]["HTTPStatusCode"] == 202
    (message,) = room.told(1)
    assert message["inferenceId"] == answered["InferenceId"]


def test_a_models_error_is_told_and_kept(room):
    answered = room.put("raise")
    (message,) = room.told(1)
    assert message["invocationStatus"] == "Failed"
    assert "Received server error (500) from model" in message["failureReason"]
    assert message["responseParameters"]["failureLocation"] == answered["FailureLocation"]
    assert "Internal Server Error" in room.read(answered["FailureLocation"])


def test_requests_wait_while_there_is_no_instance_and_none_is_lost(room, cloud):
    room.scale(0)
    asked = [room.put(f"w{number}")["OutputLocation"] for number in range(5)]
    cloudwatch = cloud.client("cloudwatch")

    def measured(name):
        dimensions = [{"Name": "EndpointName", "Value": room.name}]
        listed = cloudwatch.list_metrics(Namespace="AWS/SageMaker", MetricName=name, Dimensions=dimensions)
        return bool(listed["Metrics"])

    eventually(lambda: measured("HasBacklogWithoutCapacity") and measured("ApproximateBacklogSizePerInstance"))
    with pytest.raises(ClientError, match="NoSuchKey"):
        room.read(asked[0])
    room.scale(2)
    assert len(room.told(5)) == 5
    assert [room.read(location) for location in asked] == [f"got w{number}" for number in range(5)]


def test_nothing_is_lost_through_an_update_and_a_shrink(room):
    asked = []
    for number in range(REQUESTS):
        asked.append(room.put(f"u{number}")["OutputLocation"])
        if number == 10:
            config = room.config(f"{room.name}-2")
            room.hosting.sagemaker.update_endpoint(EndpointName=room.name, EndpointConfigName=config)
    room.hosting.settled(room.name)
    room.scale(2)
    asked += [room.put(f"v{number}")["OutputLocation"] for number in range(10)]
    room.scale(1)
    assert {message["invocationStatus"] for message in room.told(len(asked))} == {"Completed"}
    for location in asked:
        assert room.read(location).startswith("got ")


def test_rights_bite_on_both_sides(room, cloud):
    named = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{room.name}"
    role = cloud.role(
        {"AWS": "arn:aws:iam::000000000000:root"}, {"Action": "sagemaker:InvokeEndpoint", "Resource": "*"}
    )
    with pytest.raises(ClientError, match=f"not authorized to perform: sagemaker:InvokeEndpointAsync on .*: {named}"):
        room.put("x", cloud.as_role(role, "sagemaker-runtime"))
    with pytest.raises(ClientError, match="serves asynchronous inference only"):
        room.hosting.ask(room.name)

    cloud.allow(room.hosting.role, MAY_READ, room.rights[2])
    room.put("y")
    (message,) = room.told(1)
    assert "Failed to upload response to" in message["failureReason"]
    assert "AccessDenied" in message["failureReason"]

    cloud.allow(room.hosting.role, MAY_READ, room.rights[1])
    answered = room.put("z")
    refused = re.compile(f"{room.topic} was not told of {answered['InferenceId']}: Authorization")
    eventually(lambda: refused.search(Path(cloud.server.log).read_text()))
    assert room.read(answered["OutputLocation"]) == "got z"
    cloud.allow(room.hosting.role, *room.rights)
