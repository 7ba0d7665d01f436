"""A shadow variant as boto3 meets it: two real processes, one of which nobody hears of."""

import json
import uuid

import pytest

from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import BUCKET, INSTANCE, MAY_READ, PLAIN_SCRIPT, Hosting
from tests.waiting import eventually

REQUESTS = 60
# It takes its time, and its tenth request kills it, once.
SLOW_SCRIPT = """
import itertools, os, pathlib, time

numbers = itertools.count(1)

def model_fn(model_dir):
    return pathlib.Path(model_dir) / "has-died"

def transform_fn(mark, body, content_type, accept):
    time.sleep(0.02)
    if next(numbers) == 10 and not mark.exists():
        mark.touch()
        os._exit(3)
    return '{"name": "shadow"}', accept
"""


@pytest.fixture
def hosting(cloud: Running) -> Hosting:
    made = Hosting(cloud)
    cloud.allow(made.role, MAY_READ, {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/shadowed/*"})
    return made


def test_a_shadow_gets_copies_and_neither_its_answers_nor_its_crashes_are_heard(hosting, cloud):
    name = f"shadowed-{uuid.uuid4().hex[:6]}"
    hosting.plain(name, PLAIN_SCRIPT)
    hosting.plain(f"{name}-s", SLOW_SCRIPT)
    hosting.sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-c",
        ProductionVariants=[{"VariantName": "live", "ModelName": name, **INSTANCE}],
        ShadowProductionVariants=[{"VariantName": "shadow", "ModelName": f"{name}-s", **INSTANCE}],
        DataCaptureConfig={
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/shadowed",
            "CaptureOptions": [{"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    )
    endpoint = hosting.create(f"{name}-c")
    described = hosting.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert [variant["VariantName"] for variant in described["ShadowProductionVariants"]] == ["shadow"]
    for number in range(REQUESTS):
        assert hosting.ask(endpoint, InferenceId=f"i-{number}")["name"] == name

    def captured(variant):
        s3 = cloud.client("s3")
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"shadowed/{endpoint}/{variant}/").get("Contents", [])
        bodies = [s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in found]
        return [json.loads(line) for body in bodies for line in body.splitlines()]

    eventually(lambda: len(captured("live")) == REQUESTS)
    # With the crash go the copies that the process had: the shadow's, not the caller's. It comes back.
    hosting.ask(endpoint, InferenceId="after")
    eventually(lambda: any(line["eventMetadata"]["inferenceId"] == "after" for line in captured("shadow")))
    copies = captured("shadow")
    assert len(copies) <= REQUESTS
    eventually(lambda: len(captured("live")) == REQUESTS + 1)
    joined = {line["eventMetadata"]["eventId"] for line in captured("live")}
    assert {line["eventMetadata"]["eventId"] for line in copies} <= joined
    assert {line["captureData"]["endpointOutput"]["data"] for line in copies} == {'{"name": "shadow"}'}
    hosting.delete(endpoint)
