"""CreateEndpointConfig, by deployment mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sluice.definition.deployment import Asynchronous, Deployment, RealTime, Serverless
from sluice.naming import SINGLE_VARIANT, ModelPrefix


@dataclass(frozen=True)
class Surroundings:
    """What a request takes from the stack instead of from the definition."""

    bucket: str
    role_arn: str
    kms_key_arn: str | None
    success_topic_arn: str = ""
    error_topic_arn: str = ""


@dataclass(frozen=True)
class Variant:
    """A production variant. weight: its share of the requests relative to the others'; of a shadow, of the copies."""

    model_name: str
    settings: Deployment
    name: str = SINGLE_VARIANT
    weight: float = 1.0
    shadow: bool = False


def endpoint_config_request(
    name: str, model: str, variants: Sequence[Variant], surroundings: Surroundings
) -> dict[str, Any]:
    """The first variant's settings are the endpoint's: capture and asynchronous inference are not a variant's own."""
    settings = variants[0].settings
    request: dict[str, Any] = {
        "EndpointConfigName": name,
        "ProductionVariants": [_variant(each) for each in variants if not each.shadow],
    }
    shadows = [_variant(each) for each in variants if each.shadow]
    if shadows:
        request["ShadowProductionVariants"] = shadows
    if surroundings.kms_key_arn and not isinstance(settings, Serverless):  # which has no volume to encrypt
        request["KmsKeyId"] = surroundings.kms_key_arn
    if isinstance(settings, RealTime) and settings.capture is not None:
        request["DataCaptureConfig"] = _capture(model, settings.capture.sampling_percent, surroundings)
    if isinstance(settings, Asynchronous):
        request["AsyncInferenceConfig"] = _asynchronous(model, settings, surroundings)
    return request


def _variant(variant: Variant) -> dict[str, Any]:
    named: dict[str, Any] = {"VariantName": variant.name, "ModelName": variant.model_name}
    settings = variant.settings
    if isinstance(settings, Serverless):
        limits = {"MemorySizeInMB": settings.memory_mb, "MaxConcurrency": settings.max_concurrency}
        if settings.provisioned_concurrency is not None:
            limits["ProvisionedConcurrency"] = settings.provisioned_concurrency
        return {**named, "ServerlessConfig": limits}
    return {
        **named,
        "InstanceType": settings.instance_type,
        "InitialInstanceCount": settings.initial_instances,
        "InitialVariantWeight": variant.weight,
    }


def _capture(model: str, percent: int, surroundings: Surroundings) -> dict[str, Any]:
    """Without the content types SageMaker writes BASE64 (Developer Guide, "Capture data")."""
    request: dict[str, Any] = {
        "EnableCapture": True,
        "InitialSamplingPercentage": percent,
        "DestinationS3Uri": f"s3://{surroundings.bucket}/{ModelPrefix(model).captures}".rstrip("/"),
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json", "application/jsonlines"],
        },
    }
    return {**request, "KmsKeyId": surroundings.kms_key_arn} if surroundings.kms_key_arn else request


def _asynchronous(model: str, settings: Asynchronous, surroundings: Surroundings) -> dict[str, Any]:
    folder = f"s3://{surroundings.bucket}/{ModelPrefix(model).asynchronous}"
    output: dict[str, Any] = {
        "S3OutputPath": f"{folder}out/",
        "S3FailurePath": f"{folder}failures/",
        "NotificationConfig": {
            "SuccessTopic": surroundings.success_topic_arn,
            "ErrorTopic": surroundings.error_topic_arn,
        },
    }
    if surroundings.kms_key_arn:
        output["KmsKeyId"] = surroundings.kms_key_arn
    return {
        "OutputConfig": output,
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": settings.max_concurrent_per_instance},
    }


def shared_model_container(image: str, prefix_uri: str, environment: dict[str, str]) -> dict[str, Any]:
    """Of a multi-model endpoint: the artifacts below the prefix bring their own inference code."""
    return {"Image": image, "Mode": "MultiModel", "ModelDataUrl": prefix_uri, "Environment": environment}
