"""AWS's wire forms over a table of Python functions."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.api import ApiError, Call, JsonService, RestJsonService
from tests.fakes.cloud import FakeCloud

GROUP_ARN = "arn:aws:sagemaker:us-east-1:000000000000:model-package-group/churn"
CALLER = FakeCloud(Path()).caller


def json_service(**operations: Any) -> JsonService:
    return JsonService("sagemaker", operations, lambda _headers: CALLER)


def send(service: JsonService, operation: str, request: Any) -> tuple[int, dict[str, str], dict[str, Any]]:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    headers = {"x-amz-target": f"SageMaker.{operation}"}
    status, answered, document = asyncio.run(service("POST", "/", headers, body, {}))
    return status, answered, json.loads(document)


def create_group(call: Call) -> dict[str, Any]:
    return {"ModelPackageGroupArn": GROUP_ARN}


def test_a_request_reaches_its_handler_with_the_caller() -> None:
    seen: list[Call] = []
    service = json_service(CreateModelPackageGroup=lambda call: seen.append(call) or create_group(call))

    status, headers, document = send(service, "CreateModelPackageGroup", {"ModelPackageGroupName": "churn"})

    assert (status, document) == (200, {"ModelPackageGroupArn": GROUP_ARN})
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert seen == [Call("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}, CALLER)]


def test_an_operation_without_a_handler_is_named() -> None:
    status, _, document = send(json_service(), "CreateApp", {})

    assert (status, document["__type"]) == (400, "UnknownOperationException")
    assert document["message"] == "CreateApp is not implemented by the local cloud"


def test_an_operation_that_aws_does_not_have_cannot_be_offered() -> None:
    with pytest.raises(ValueError, match="CreateMiracle"):
        json_service(CreateMiracle=create_group)


def test_broken_constraints_are_listed_in_aws_words() -> None:
    request = {"ModelPackageGroupName": "a_b", "Tags": [{"Key": "a"}]}

    status, headers, document = send(
        json_service(CreateModelPackageGroup=create_group), "CreateModelPackageGroup", request
    )

    assert status == 400
    assert headers["x-amzn-ErrorType"] == "ValidationException"
    assert document["message"] == (
        "2 validation errors detected: Value 'a_b' at 'modelPackageGroupName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; "
        "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"
    )


def test_a_body_that_is_not_json_is_a_serialization_error() -> None:
    _, _, document = send(json_service(ListModels=lambda call: {"Models": []}), "ListModels", b"{")

    assert document["__type"] == "SerializationException"


def test_times_travel_as_epoch_seconds_and_nothing_as_nothing() -> None:
    moment = datetime(2026, 11, 20, 12, 0, 0, 123000, tzinfo=UTC)
    model = {"ModelName": "m", "ModelArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m", "CreationTime": moment}
    service = json_service(ListModels=lambda call: {"Models": [model], "NextToken": None})

    assert send(service, "ListModels", {"CreationTimeAfter": 1763630000})[2] == {
        "Models": [{**model, "CreationTime": moment.timestamp()}]
    }


def test_a_refusal_keeps_code_message_and_status() -> None:
    def refuse(_call: Call) -> dict[str, Any]:
        raise ApiError("ConflictException", "It is there already", 409)

    status, headers, document = send(
        json_service(CreateModelPackageGroup=refuse), "CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}
    )

    assert (status, headers["x-amzn-ErrorType"]) == (409, "ConflictException")
    assert document == {"__type": "ConflictException", "message": "It is there already"}


@pytest.mark.parametrize(
    "answer",
    [{}, {"ModelPackageGroupArn": GROUP_ARN, "Colour": "green"}, {"ModelPackageGroupArn": 7}],
    ids=["missing", "unknown", "mistyped"],
)
def test_an_answer_that_the_model_does_not_know_is_our_defect(answer: Mapping[str, Any]) -> None:
    service = json_service(CreateModelPackageGroup=lambda _call: dict(answer))

    status, _, document = send(service, "CreateModelPackageGroup", {"ModelPackageGroupName": "churn"})

    assert (status, document["__type"]) == (500, "InternalFailure")


def rest_service(handler: Any) -> RestJsonService:
    return RestJsonService("sagemaker-runtime", {"InvokeEndpoint": handler}, lambda _headers: CALLER)


def post(
    service: RestJsonService, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    return asyncio.run(service("POST", path, headers, body, {}))


def test_members_come_from_the_path_headers_and_body() -> None:
    seen: list[Call] = []

    def invoke(call: Call) -> dict[str, Any]:
        seen.append(call)
        return {"Body": b"\x00yes", "ContentType": "text/csv", "InvokedProductionVariant": "AllTraffic"}

    headers = {
        "content-type": "text/csv",
        "accept": "application/json",
        "x-amzn-sagemaker-custom-attributes": "trace=1",
    }
    status, answered, body = post(rest_service(invoke), "/endpoints/sluice-dev-churn/invocations", headers, b"1,2")

    assert seen[0].input == {
        "EndpointName": "sluice-dev-churn",
        "ContentType": "text/csv",
        "Accept": "application/json",
        "CustomAttributes": "trace=1",
        "Body": b"1,2",
    }
    assert (status, body) == (200, b"\x00yes")
    assert answered["Content-Type"] == "text/csv"
    assert answered["x-Amzn-Invoked-Production-Variant"] == "AllTraffic"


def test_an_operation_answers_with_its_own_status() -> None:
    def invoke(call: Call) -> dict[str, Any]:
        return {"InferenceId": call.input["InferenceId"], "OutputLocation": "s3://b/out"}

    service = RestJsonService("sagemaker-runtime", {"InvokeEndpointAsync": invoke}, lambda _headers: CALLER)
    headers = {"x-amzn-sagemaker-inference-id": "i-1", "x-amzn-sagemaker-requestttlseconds": "60"}
    status, answered, body = post(service, "/endpoints/churn/async-invocations", headers, b"")
    assert (status, json.loads(body)) == (202, {"InferenceId": "i-1"})
    assert answered["X-Amzn-SageMaker-OutputLocation"] == "s3://b/out"


def test_a_models_error_carries_its_own_fields() -> None:
    def invoke(_call: Call) -> dict[str, Any]:
        raise ApiError("ModelError", "Received client error (400)", 424, {"OriginalStatusCode": 400})

    status, headers, body = post(rest_service(invoke), "/endpoints/churn/invocations", {}, b"")

    assert (status, headers["x-amzn-ErrorType"]) == (424, "ModelError")
    assert json.loads(body) == {"Message": "Received client error (400)", "OriginalStatusCode": 400}


def test_a_path_that_is_no_operation_is_refused() -> None:
    status, headers, _ = post(rest_service(lambda call: {}), "/endpoints/churn/elsewhere", {}, b"")

    assert (status, headers["x-amzn-ErrorType"]) == (400, "UnknownOperationException")
