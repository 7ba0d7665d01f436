"""Data capture as boto3 meets it: requests to a real process, JSON Lines in S3 under the model's own role."""

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import BUCKET, INSTANCE, MAY_READ, Hosting
from tests.waiting import eventually

REQUESTS = 60


@pytest.fixture
def hosting(cloud: Running) -> Hosting:
    made = Hosting(cloud)
    cloud.allow(made.role, MAY_READ, {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/captured/*"})
    return made


@pytest.fixture
def endpoint(hosting: Hosting) -> Iterator[str]:
    name = hosting.plain(f"captured-{uuid.uuid4().hex[:6]}")
    hosting.sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-c",
        ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": name, **INSTANCE}],
        DataCaptureConfig={
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/captured/here",
            "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    )
    yield hosting.create(f"{name}-c")
    hosting.delete(f"{name}-c")


def lines(cloud: Running, endpoint: str) -> list[dict[str, Any]]:
    s3 = cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"captured/here/{endpoint}/AllTraffic/").get("Contents", [])
    bodies = [s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def test_every_request_is_captured_beside_its_answer(hosting, cloud, endpoint):
    described = hosting.sagemaker.describe_endpoint(EndpointName=endpoint)["DataCaptureConfig"]
    assert (described["CaptureStatus"], described["CurrentSamplingPercentage"]) == ("Started", 100)
    answers = {f"i-{number}": hosting.ask(endpoint, InferenceId=f"i-{number}") for number in range(REQUESTS)}

    eventually(lambda: len(lines(cloud, endpoint)) == REQUESTS)
    captured = {line["eventMetadata"]["inferenceId"]: line["captureData"] for line in lines(cloud, endpoint)}
    assert captured.keys() == answers.keys()
    for inference_id, answer in answers.items():
        output = captured[inference_id]["endpointOutput"]
        assert (output["encoding"], json.loads(output["data"])) == ("JSON", answer)
        assert captured[inference_id]["endpointInput"]["observedContentType"] == "application/json"


def test_a_role_that_may_not_write_costs_the_capture_and_no_request(hosting, cloud, endpoint):
    cloud.allow(hosting.role, MAY_READ)
    for _ in range(5):
        hosting.ask(endpoint)
    log = Path(cloud.server.log)
    refused = re.compile(f"captured requests of {endpoint}/AllTraffic/.* were not written: AccessDenied")
    eventually(lambda: refused.search(log.read_text()))
    assert lines(cloud, endpoint) == []
