"""What CreateEndpointConfig refuses: what SageMaker refuses, and by its name whatever the local cloud does not do."""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.sagemaker.hosting.async_config import check_async
from localcloud.sagemaker.hosting.capture_config import check_capture
from localcloud.sagemaker.hosting.models import Models
from localcloud.sagemaker.hosting.refusals import invalid, refuse_members

MEMORY_SIZES: Final = (1024, 2048, 3072, 4096, 5120, 6144)
REFUSED: Final = ("ExplainerConfig", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation", "MetricsConfig")
REFUSED_IN_VARIANT: Final = (
    "InstancePools",
    "VariantInstanceProvisionTimeoutInSeconds",
    "AcceleratorType",
    "CoreDumpConfig",
    "EnableSSMAccess",
    "ManagedInstanceScaling",
    "RoutingConfig",
    "InferenceAmiVersion",
    "CapacityReservationConfig",
)
INSTANCE_ONLY: Final = (
    "InstanceType",
    "InitialInstanceCount",
    "VolumeSizeInGB",
    "ModelDataDownloadTimeoutInSeconds",
    "ContainerStartupHealthCheckTimeoutInSeconds",
)

Request = Mapping[str, Any]


def check_config(request: Request, models: Models) -> None:
    """Raises ApiError ValidationException, also when a model does not exist."""
    refuse_members(request, REFUSED)
    variants, shadows = request["ProductionVariants"], request.get("ShadowProductionVariants", [])
    serverless = any("ServerlessConfig" in variant for variant in variants)
    if serverless and len(variants) > 1:
        raise invalid("ProductionVariants: an endpoint with a serverless variant can have only that one variant")
    _check_names([variant["VariantName"] for variant in [*variants, *shadows]])
    for place, group in (("ProductionVariants", variants), ("ShadowProductionVariants", shadows)):
        for index, variant in enumerate(group):
            _check_variant(variant, place, index)
    served = [models.served(variant["ModelName"]) for variant in [*variants, *shadows]]
    several = any(model.multi_model for model in served)
    _check_capture(request, serverless, several)
    _check_async(request, serverless, several)
    _check_shadows(request, serverless, several)
    if several and serverless:
        raise invalid("ProductionVariants: a model of Mode MultiModel cannot be served by a serverless endpoint")


def _check_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise invalid(f'The variant name "{name}" was non-unique within the request.')


def _check_variant(variant: Request, group: str, index: int) -> None:
    place = f"{group}[{index}]."
    refuse_members(variant, REFUSED_IN_VARIANT, place)
    if "ModelName" not in variant:
        raise invalid(f"{place}ModelName is required; inference components are not implemented by the local cloud")
    if "ServerlessConfig" in variant:
        _check_serverless(variant, place, index)
        return
    for name in ("InstanceType", "InitialInstanceCount"):
        if name not in variant:
            raise invalid(f"{place}{name} is required for a variant without ServerlessConfig")


def _check_serverless(variant: Request, place: str, index: int) -> None:
    for name in INSTANCE_ONLY:
        if name in variant:
            raise invalid(f"{place}{name} cannot be given together with ServerlessConfig")
    config = variant["ServerlessConfig"]
    if config["MemorySizeInMB"] not in MEMORY_SIZES:
        raise invalid(
            f"1 validation error detected: Value '{config['MemorySizeInMB']}' at "
            f"'productionVariants.{index + 1}.member.serverlessConfig.memorySizeInMB' failed to satisfy constraint: "
            f"Member must satisfy enum value set: {list(MEMORY_SIZES)}"
        )
    if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
        raise invalid(
            f"{place}ServerlessConfig.ProvisionedConcurrency is {config['ProvisionedConcurrency']}; it must be less "
            f"than or equal to MaxConcurrency, {config['MaxConcurrency']}"
        )


def _check_capture(request: Request, serverless: bool, multi_model: bool) -> None:
    config = request.get("DataCaptureConfig")
    if config is None:
        return
    check_capture(config)
    if not config.get("EnableCapture", True):
        return
    if serverless:
        raise invalid("DataCaptureConfig: data capture is not supported for serverless endpoints; leave it out")
    if multi_model:
        raise invalid("DataCaptureConfig: data capture is not supported for multi-model endpoints; leave it out")
    if "AsyncInferenceConfig" in request:
        raise invalid(
            "DataCaptureConfig is not implemented by the local cloud together with AsyncInferenceConfig; leave it out"
        )


def _check_async(request: Request, serverless: bool, multi_model: bool) -> None:
    config = request.get("AsyncInferenceConfig")
    if config is None:
        return
    if serverless:
        raise invalid("AsyncInferenceConfig: asynchronous inference is not supported for serverless endpoints")
    if multi_model:
        raise invalid("AsyncInferenceConfig: asynchronous inference is not supported for multi-model endpoints")
    check_async(config)


def _check_shadows(request: Request, serverless: bool, multi_model: bool) -> None:
    shadows = request.get("ShadowProductionVariants", [])
    if not shadows:
        return
    if len(shadows) > 1 or len(request["ProductionVariants"]) > 1:
        raise invalid(
            "ShadowProductionVariants: with a shadow variant there can be only one variant in ProductionVariants and "
            "one in ShadowProductionVariants"
        )
    if serverless or "ServerlessConfig" in shadows[0]:
        raise invalid("ShadowProductionVariants: shadow variants are not supported for serverless endpoints")
    if "AsyncInferenceConfig" in request:
        raise invalid("ShadowProductionVariants: shadow variants are not supported with AsyncInferenceConfig")
    if multi_model:
        raise invalid("ShadowProductionVariants: shadow variants are not supported for multi-model endpoints")
