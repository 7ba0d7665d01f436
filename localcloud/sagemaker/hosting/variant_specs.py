"""From an endpoint config as it is kept to the variants as they run."""

from collections.abc import Mapping
from typing import Any

from localcloud.sagemaker.hosting.async_config import AsyncSpec
from localcloud.sagemaker.hosting.capture_config import CaptureSpec
from localcloud.sagemaker.hosting.models import Models
from localcloud.sagemaker.hosting.variants import INSTANCE_START_SECONDS, SERVERLESS_START_SECONDS, VariantSpec


def variant_specs(config: Mapping[str, Any], models: Models) -> list[VariantSpec]:
    """With the models as they are now; ApiError ValidationException when one is gone."""
    capture, asynchronous = config.get("DataCaptureConfig"), config.get("AsyncInferenceConfig")
    of_all: dict[str, Any] = {
        "capture": CaptureSpec.of(capture) if capture else None,
        "asynchronous": AsyncSpec.of(asynchronous) if asynchronous else None,
    }
    shadows = [_spec(variant, models, of_all) for variant in config.get("ShadowProductionVariants", [])]
    of_all["shadow"] = shadows[0] if shadows else None
    return [_spec(variant, models, of_all) for variant in config["ProductionVariants"]]


def _spec(variant: Mapping[str, Any], models: Models, more: Mapping[str, Any]) -> VariantSpec:
    name, weight, model = variant["VariantName"], variant["InitialVariantWeight"], models.served(variant["ModelName"])
    serverless = variant.get("ServerlessConfig")
    if serverless:
        return VariantSpec(
            name,
            model,
            weight,
            start_seconds=SERVERLESS_START_SECONDS,
            memory_mb=serverless["MemorySizeInMB"],
            max_concurrency=serverless["MaxConcurrency"],
            provisioned_concurrency=serverless.get("ProvisionedConcurrency", 0),
            **more,
        )
    seconds = variant.get("ContainerStartupHealthCheckTimeoutInSeconds", INSTANCE_START_SECONDS)
    count = variant["InitialInstanceCount"]
    return VariantSpec(name, model, weight, instance_count=count, start_seconds=seconds, **more)
