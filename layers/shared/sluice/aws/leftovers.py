"""What deployments have left in SageMaker and CloudWatch, and how it is removed. Removing twice is as removing once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sluice.aws.autoscaling import VariantScaling
from sluice.aws.model_monitor import ModelMonitor
from sluice.clean_up import ConfigUse, Named, Removal, ServingEndpoint, There
from sluice.naming import mode_of_endpoint

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient

_BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


@dataclass(frozen=True)
class Leftovers:
    sagemaker: "SageMakerClient"
    scaling: VariantScaling
    cloudwatch: "CloudWatchClient"
    stage: str

    @property
    def prefix(self) -> str:
        return f"sluice-{self.stage}-"

    def there(self) -> There:
        """Endpoints are listed first: what one begins to name while the rest is listed is younger than that."""
        return There(
            endpoints=tuple(self._endpoints()),
            configs=tuple(self._named("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName")),
            models=tuple(self._named("list_models", "Models", "ModelName")),
            alarms=tuple(self._alarms()),
        )

    def use(self, config: str) -> ConfigUse | None:
        """None where there is no such config."""
        try:
            found = self.sagemaker.describe_endpoint_config(EndpointConfigName=config)
        except ClientError as error:
            if _is_gone(error):
                return None
            raise
        variants = [*found["ProductionVariants"], *found.get("ShadowProductionVariants", [])]
        return ConfigUse(
            frozenset(variant["ModelName"] for variant in variants if "ModelName" in variant),
            frozenset(variant["VariantName"] for variant in variants),
        )

    def remove(self, removal: Removal) -> None:
        try:
            match removal.kind:
                case "endpoint":
                    self.remove_endpoint(removal.name)
                case "endpoint-config":
                    self.sagemaker.delete_endpoint_config(EndpointConfigName=removal.name)
                case "model":
                    self.sagemaker.delete_model(ModelName=removal.name)
                case "alarm":
                    self.cloudwatch.delete_alarms(AlarmNames=[removal.name])
        except ClientError as error:
            if not _is_gone(error):
                raise

    def remove_endpoint(self, name: str) -> None:
        """With what scales and monitors it. An endpoint that is gone already is as good."""
        if mode_of_endpoint(name) == "real-time":  # Model Monitor watches no other
            ModelMonitor(self.sagemaker, self.stage).detach(name)
        try:
            described = self.sagemaker.describe_endpoint(EndpointName=name)
            self.scaling.stop(name, [variant["VariantName"] for variant in described.get("ProductionVariants", [])])
            self.sagemaker.delete_endpoint(EndpointName=name)
        except ClientError as error:
            if not _is_gone(error):
                raise

    def _endpoints(self) -> Iterator[ServingEndpoint]:
        for found in self._listed("list_endpoints", "Endpoints", "EndpointName"):
            try:
                described = self.sagemaker.describe_endpoint(EndpointName=found["EndpointName"])
            except ClientError as error:
                if _is_gone(error):
                    continue
                raise
            named = (described.get("EndpointConfigName"), described.get("PendingDeploymentSummary", {}))
            pending = named[1].get("EndpointConfigName")
            configs = frozenset(name for name in (named[0], pending) if name)
            is_busy = described["EndpointStatus"] in _BUSY
            yield ServingEndpoint(found["EndpointName"], configs, is_busy, described["LastModifiedTime"])

    def _named(self, operation: str, members: str, name: str) -> Iterator[Named]:
        for found in self._listed(operation, members, name):
            yield Named(found[name], found["CreationTime"])

    def _listed(self, operation: Any, members: str, name: str) -> Iterator[Any]:
        """NameContains is no prefix: another stage's name may hold ours."""
        for page in self.sagemaker.get_paginator(operation).paginate(NameContains=self.prefix):
            yield from (found for found in page[members] if found[name].startswith(self.prefix))

    def _alarms(self) -> Iterator[Named]:
        for page in self.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=self.prefix):
            for alarm in page["MetricAlarms"]:
                yield Named(alarm["AlarmName"], alarm["AlarmConfigurationUpdatedTimestamp"])


def _is_gone(error: ClientError) -> bool:
    """SageMaker says so in words only: `Could not find …`."""
    return "Could not find" in error.response["Error"]["Message"]
