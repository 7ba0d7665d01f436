"""Requests and answers against botocore's models."""

import re
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from localcloud.errors import ApiError
from localcloud.shapes import read_request, write_response

SERVICES = ("sagemaker", "sagemaker-runtime", "application-autoscaling")


def shape(operation: str, service: str = "sagemaker") -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def endpoint_config(**variant: Any) -> dict[str, Any]:
    return {"EndpointConfigName": "churn", "ProductionVariants": [{"VariantName": "a", "ModelName": "m", **variant}]}


@pytest.mark.parametrize(
    ("variant", "complaint"),
    [
        (
            {"InitialInstanceCount": 0},
            "'productionVariants.1.member.initialInstanceCount' .* greater than or equal to 1",
        ),
        ({"InstanceType": "ml.huge"}, r"must satisfy enum value set: \[.*ml\.m5\.large.*\]"),
        ({"VariantName": "v" * 64}, "'productionVariants.1.member.variantName' .* length less than or equal to 63"),
        (
            {"ServerlessConfig": {"MaxConcurrency": 500, "MemorySizeInMB": 2048}},
            "'productionVariants.1.member.serverlessConfig.maxConcurrency' .* less than or equal to 200",
        ),
    ],
)
def test_a_broken_constraint_is_found_where_it_lies(variant: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ApiError, match=complaint) as refused:
        read_request(shape("CreateEndpointConfig"), endpoint_config(**variant))

    assert refused.value.code == "ValidationException"


def test_a_pattern_has_to_match_the_whole_value() -> None:
    with pytest.raises(ApiError, match="regular expression pattern"):
        read_request(shape("DescribeTrainingJob"), {"TrainingJobName": "job name"})


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        ({"InitialInstanceCount": "1"}, "str at 'productionVariants.1.member.initialInstanceCount' .* to an Integer"),
        ({"VariantName": 7}, "int at 'productionVariants.1.member.variantName' .* to a String"),
        ({"ServerlessConfig": []}, "list at 'productionVariants.1.member.serverlessConfig' .* to a structure"),
    ],
)
def test_a_wrong_type_is_a_serialization_error(variant: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError, match=said) as refused:
        read_request(shape("CreateEndpointConfig"), endpoint_config(**variant))

    assert refused.value.code == "SerializationException"


def test_an_unknown_parameter_is_refused_rather_than_ignored() -> None:
    with pytest.raises(ApiError, match=re.escape("'productionVariants.1.member.Color'")):
        read_request(shape("CreateEndpointConfig"), endpoint_config(Color="green"))


def test_whole_numbers_may_come_as_floats() -> None:
    read = read_request(shape("CreateEndpointConfig"), endpoint_config(InitialInstanceCount=2.0))

    assert read["ProductionVariants"][0]["InitialInstanceCount"] == 2
    assert isinstance(read["ProductionVariants"][0]["InitialInstanceCount"], int)


@pytest.mark.parametrize("sent", [1795176000, "2026-11-20T12:00:00Z"])
def test_times_are_read_from_epochs_and_iso(sent: Any) -> None:
    read = read_request(shape("ListTrainingJobs"), {"CreationTimeAfter": sent})

    assert read["CreationTimeAfter"] == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "source", [{}, {"FileSystemConfig": {}, "EFSFileSystemConfig": {"FileSystemId": "fs-12345678"}}]
)
def test_a_union_takes_exactly_one_member(source: dict[str, Any]) -> None:
    union = botocore.session.get_session().get_service_model("sagemaker").shape_for("CustomFileSystemConfig")

    with pytest.raises(ApiError):
        read_request(union, source)


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_the_models_can_be_checked(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    strings = [model.shape_for(name) for name in model.shape_names]
    patterned = [one for one in strings if one.type_name == "string" and "pattern" in one.metadata]

    for one in patterned:
        try:
            read_request(one, "plain-value-1")
        except ApiError as refused:
            assert refused.code == "ValidationException"  # noqa: PT017 - either answer will do; a crash will not

    assert patterned


@pytest.mark.parametrize("text", ["Größe: 7 / ok @home", "plain", ""])
def test_javas_character_classes_take_letters_of_any_language(text: str) -> None:
    tags = {"ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m", "Tags": [{"Key": "k", "Value": text}]}

    assert read_request(shape("AddTags"), tags)["Tags"][0]["Value"] == text


def test_an_answer_with_a_wrong_enum_is_named() -> None:
    output = (
        botocore.session.get_session().get_service_model("sagemaker").operation_model("DescribeEndpoint").output_shape
    )
    moment = datetime.now(UTC)
    answer = {
        "EndpointName": "e",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/e",
        "EndpointStatus": "IN_SERVICE",
        "CreationTime": moment,
        "LastModifiedTime": moment,
    }

    with pytest.raises(TypeError, match="EndpointStatus: 'IN_SERVICE' is none of"):
        write_response(output, answer)
