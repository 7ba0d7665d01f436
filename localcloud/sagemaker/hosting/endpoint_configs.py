"""Endpoint configs: which models, on how much, with which share of the traffic."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.models import Models
from localcloud.sagemaker.hosting.refusals import invalid, refuse_members
from localcloud.sagemaker.hosting.variants import INSTANCE_START_SECONDS, SERVERLESS_START_SECONDS, VariantSpec
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore

MEMORY_SIZES: Final = (1024, 2048, 3072, 4096, 5120, 6144)
REFUSED: Final = (
    "AsyncInferenceConfig",
    "ExplainerConfig",
    "ShadowProductionVariants",
    "ExecutionRoleArn",
    "VpcConfig",
    "EnableNetworkIsolation",
    "MetricsConfig",
)
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


class EndpointConfigs:
    def __init__(self, cloud: Cloud, tags: TagStore, models: Models) -> None:
        self._cloud = cloud
        self._tags = tags
        self._models = models
        self._lock = threading.RLock()
        self._configs: dict[str, Mapping[str, Any]] = {}

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateEndpointConfig": self._create,
            "DescribeEndpointConfig": self._describe,
            "ListEndpointConfigs": self._list,
            "DeleteEndpointConfig": self._delete,
        }

    def arn(self, name: str) -> str:
        return arn(self._cloud, "endpoint-config", name)

    def get(self, name: str) -> Mapping[str, Any]:
        config = self._configs.get(self.arn(name))
        if config is None:
            raise invalid(f'Could not find endpoint configuration "{self.arn(name)}".')
        return config

    def variants(self, name: str) -> list[VariantSpec]:
        """The config's variants with their models as they are now; ValidationException when one is gone."""
        return [_spec(variant, self._models) for variant in self.get(name)["ProductionVariants"]]

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        config_arn = self.arn(request["EndpointConfigName"])
        self._cloud.authorize(call.caller, "sagemaker:CreateEndpointConfig", config_arn)
        self._tags.authorize(call.caller, config_arn, request.get("Tags", []))
        _check(request)
        for variant in request["ProductionVariants"]:
            self._models.served(variant["ModelName"])
        with self._lock:
            if config_arn in self._configs:
                raise invalid(f'Cannot create already existing endpoint configuration "{config_arn}".')
            recorded = {name: value for name, value in request.items() if name != "Tags"}
            self._configs[config_arn] = recorded | {
                "EndpointConfigArn": config_arn,
                "ProductionVariants": [{"InitialVariantWeight": 1.0, **each} for each in request["ProductionVariants"]],
                "CreationTime": datetime.now(UTC),
            }
        self._tags.register(config_arn, request.get("Tags", []))
        return {"EndpointConfigArn": config_arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input["EndpointConfigName"]
        self._cloud.authorize(call.caller, "sagemaker:DescribeEndpointConfig", self.arn(name))
        return dict(self.get(name))

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListEndpointConfigs", "*")
        with self._lock:
            configs = [{**config, "LastModifiedTime": config["CreationTime"]} for config in self._configs.values()]
        request = {"SortOrder": "Descending", **call.input}
        shown, token = page(select(configs, request, "EndpointConfigName", "EndpointConfigArn"), request)
        names = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        return {"EndpointConfigs": [{name: config[name] for name in names} for config in shown], "NextToken": token}

    def _delete(self, call: Call) -> dict[str, Any]:
        """Allowed while an endpoint uses it, as on AWS: the endpoint then goes on, but cannot be updated."""
        name = call.input["EndpointConfigName"]
        self._cloud.authorize(call.caller, "sagemaker:DeleteEndpointConfig", self.arn(name))
        with self._lock:
            self.get(name)
            del self._configs[self.arn(name)]
        self._tags.forget(self.arn(name))
        return {}


def _check(request: Mapping[str, Any]) -> None:
    refuse_members(request, REFUSED)
    variants = request["ProductionVariants"]
    serverless = [variant for variant in variants if "ServerlessConfig" in variant]
    if serverless and len(variants) > 1:
        raise invalid("ProductionVariants: an endpoint with a serverless variant can have only that one variant")
    if request.get("DataCaptureConfig", {}).get("EnableCapture"):
        if serverless:
            raise invalid("DataCaptureConfig: data capture is not supported for serverless endpoints; leave it out")
        refuse_members(request, ["DataCaptureConfig"])
    names = [variant["VariantName"] for variant in variants]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f'The variant name "{name}" was non-unique within the request.')
    for index, variant in enumerate(variants):
        _check_variant(variant, index)


def _check_variant(variant: Mapping[str, Any], index: int) -> None:
    place = f"ProductionVariants[{index}]."
    refuse_members(variant, REFUSED_IN_VARIANT, place)
    if "ModelName" not in variant:
        raise invalid(f"{place}ModelName is required; inference components are not implemented by the local cloud")
    if "ServerlessConfig" in variant:
        _check_serverless(variant, index)
        return
    for name in ("InstanceType", "InitialInstanceCount"):
        if name not in variant:
            raise invalid(f"{place}{name} is required for a variant without ServerlessConfig")


def _check_serverless(variant: Mapping[str, Any], index: int) -> None:
    place = f"ProductionVariants[{index}]."
    for name in INSTANCE_ONLY:
        if name in variant:
            raise invalid(f"{place}{name} cannot be given together with ServerlessConfig")
    config = variant["ServerlessConfig"]
    refuse_members(config, ["ProvisionedConcurrency"], f"{place}ServerlessConfig.")
    if config["MemorySizeInMB"] not in MEMORY_SIZES:
        raise invalid(
            f"1 validation error detected: Value '{config['MemorySizeInMB']}' at "
            f"'productionVariants.{index + 1}.member.serverlessConfig.memorySizeInMB' failed to satisfy constraint: "
            f"Member must satisfy enum value set: {list(MEMORY_SIZES)}"
        )


def _spec(variant: Mapping[str, Any], models: Models) -> VariantSpec:
    model = models.served(variant["ModelName"])
    name, weight = variant["VariantName"], variant["InitialVariantWeight"]
    serverless = variant.get("ServerlessConfig")
    if serverless:
        memory, concurrency = serverless["MemorySizeInMB"], serverless["MaxConcurrency"]
        return VariantSpec(
            name, model, weight, start_seconds=SERVERLESS_START_SECONDS, memory_mb=memory, max_concurrency=concurrency
        )
    seconds = variant.get("ContainerStartupHealthCheckTimeoutInSeconds", INSTANCE_START_SECONDS)
    return VariantSpec(name, model, weight, instance_count=variant["InitialInstanceCount"], start_seconds=seconds)
