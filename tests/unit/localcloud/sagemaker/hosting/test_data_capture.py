import base64
import json
import re
from datetime import UTC, datetime

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.capture_config import CaptureSpec
from localcloud.sagemaker.hosting.data_capture import Sampled, record
from localcloud.sagemaker.hosting.serving.wire import Reply
from tests.unit.localcloud.sagemaker.hosting.fake_s3 import FakeBuckets
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances

CONFIG = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/captured/",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
}
EVENT = Sampled("e-1", datetime(2026, 11, 3, 7, 5, 9, tzinfo=UTC), "i-1", "text/csv", b"1,2")
REPLY = Reply(200, b"0.5", {"content-type": "text/csv; charset=utf-8"})


@pytest.fixture
def buckets(api):
    api.cloud.clients["s3"] = FakeBuckets()
    return api.cloud.clients["s3"]


@pytest.fixture
def captured(api, buckets):
    """What was captured, by key, after the hosting was closed."""

    def lines():
        api.hosting.close()
        return {key: [json.loads(line) for line in body.splitlines()] for key, body in buckets.below("").items()}

    return lines


def serve(api, **capture):
    api.model()
    api.config("c1", instances(), DataCaptureConfig=CONFIG | capture)
    api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
    return api.settled()


def test_a_record_has_sagemakers_shape():
    assert record(CaptureSpec.of(CONFIG), EVENT, REPLY) == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": "0.5",
                "encoding": "CSV",
            },
        },
        "eventMetadata": {"eventId": "e-1", "inferenceTime": "2026-11-03T07:05:09Z", "inferenceId": "i-1"},
        "eventVersion": "0",
    }


@pytest.mark.parametrize(
    ("content_type", "data", "encoding"),
    [
        ("text/csv", b"1,2", "CSV"),
        ("Text/CSV; charset=utf-8", b"1,2", "CSV"),
        ("application/json", b"{}", "JSON"),
        ("application/x-npy", b"\x93N", "BASE64"),
        ("text/csv", b"\xff\xfe", "BASE64"),
        ("", b"", "BASE64"),
    ],
)
def test_the_content_types_header_decides_the_encoding(content_type, data, encoding):
    side = record(CaptureSpec.of(CONFIG), EVENT, Reply(200, data, {"content-type": content_type}))
    output = side["captureData"]["endpointOutput"]
    assert output["encoding"] == encoding
    told = base64.b64decode(output["data"]) if encoding == "BASE64" else output["data"].encode()
    assert told == data


def test_without_content_types_everything_is_base64():
    spec = CaptureSpec.of({name: value for name, value in CONFIG.items() if name != "CaptureContentTypeHeader"})
    sides = record(spec, EVENT, REPLY)["captureData"].values()
    assert [side["encoding"] for side in sides] == ["BASE64", "BASE64"]


@pytest.mark.parametrize(
    ("modes", "sides"),
    [
        (["Input"], {"endpointInput"}),
        (["Output"], {"endpointOutput"}),
        (["InputAndOutput"], {"endpointInput", "endpointOutput"}),
    ],
)
def test_the_modes_decide_the_sides(modes, sides):
    spec = CaptureSpec.of(CONFIG | {"CaptureOptions": [{"CaptureMode": mode} for mode in modes]})
    assert record(spec, EVENT, REPLY)["captureData"].keys() == sides


def test_requests_lie_by_endpoint_variant_and_hour_and_are_all_there_when_the_cloud_closes(api, captured):
    serve(api)
    for number in range(50):
        api.invoke(Body=f"{number}".encode(), ContentType="text/csv", InferenceId=f"i-{number}")

    files = captured()
    path = r"captured/churn/AllTraffic/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl"
    assert all(re.fullmatch(path, key) for key in files)
    lines = [line for lines in files.values() for line in lines]
    seen = {line["eventMetadata"]["inferenceId"]: line["captureData"]["endpointInput"]["data"] for line in lines}
    assert seen == {f"i-{number}": str(number) for number in range(50)}
    assert len({line["eventMetadata"]["eventId"] for line in lines}) == 50


@pytest.mark.parametrize(("percentage", "least", "most"), [(0, 0, 0), (30, 80, 160), (100, 400, 400)])
def test_the_percentage_is_a_share_of_the_requests(api, captured, percentage, least, most):
    serve(api, InitialSamplingPercentage=percentage)
    for _ in range(400):
        api.invoke()
    assert least <= sum(map(len, captured().values())) <= most


def test_a_failed_request_is_not_captured(api, servers, captured):
    servers.answer = lambda headers, body: Reply(500, b"no")
    serve(api)
    with pytest.raises(ApiError):
        api.invoke()
    assert captured() == {}


def test_capture_that_is_switched_off_writes_nothing_and_says_so(api, captured):
    described = serve(api, EnableCapture=False)
    assert described["DataCaptureConfig"]["CaptureStatus"] == "Stopped"
    api.invoke()
    assert captured() == {}


def test_an_endpoint_is_described_with_its_capture(api, buckets):
    assert serve(api, KmsKeyId="alias/key")["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": "s3://bucket/captured/",
        "KmsKeyId": "alias/key",
    }
    api.invoke()
    api.hosting.close()
    assert buckets.puts[0]["SSEKMSKeyId"] == "alias/key"


def test_an_update_may_keep_the_capture_of_the_live_variant(api, buckets):
    serve(api)
    api.model("m2")
    api.config("c2", instances("m2"))
    api("UpdateEndpoint", EndpointName="churn", EndpointConfigName="c2", RetainAllVariantProperties=True)
    assert api.settled()["DataCaptureConfig"]["DestinationS3Uri"] == "s3://bucket/captured/"
    api(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName="c2",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DataCaptureConfig"}],
    )
    assert "DataCaptureConfig" not in api.settled()


def test_it_is_written_as_the_models_role_and_a_refusal_harms_no_request(api, buckets, caplog):
    buckets.denied = ["captured/"]
    serve(api)
    assert api.invoke()["Body"] == b"1,2"
    api.hosting.close()
    assert ("arn:aws:iam::000000000000:role/sluice-dev-sagemaker", "SageMaker") in api.cloud.sessions
    assert "1 captured requests of churn/AllTraffic" in caplog.text
    assert "AccessDenied: no" in caplog.text
