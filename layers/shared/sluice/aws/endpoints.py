"""Models, endpoint configs and endpoints, each call safe to repeat."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from sluice.definition import RealTime, Serverless

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_application_autoscaling.type_defs import TargetTrackingScalingPolicyConfigurationTypeDef
    from mypy_boto3_sagemaker import SageMakerClient

VARIANT = "AllTraffic"


class DeploymentSettings(Protocol):
    """What the definition's deployment section holds: Serverless or RealTime."""

    @property
    def mode(self) -> str: ...


@dataclass(frozen=True)
class Endpoint:
    """DescribeEndpoint, as far as a rollout needs it; `status` in that call's spelling (`InService`)."""

    name: str
    status: str
    config_name: str
    failure_reason: str | None
    last_modified: datetime

    @property
    def is_busy(self) -> bool:
        return self.status in ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


@dataclass(frozen=True)
class Endpoints:
    client: "SageMakerClient"
    autoscaling: "ApplicationAutoScalingClient"

    def describe(self, name: str) -> Endpoint | None:
        try:
            found = self.client.describe_endpoint(EndpointName=name)
        except ClientError as error:
            if "Could not find endpoint" in error.response["Error"]["Message"]:
                return None
            raise
        config = found.get("EndpointConfigName", "")
        return Endpoint(name, found["EndpointStatus"], config, found.get("FailureReason"), found["LastModifiedTime"])

    def mode_of(self, config_name: str) -> str:
        """`serverless` or `real-time`: an endpoint cannot change between them."""
        config = self.client.describe_endpoint_config(EndpointConfigName=config_name)
        return "serverless" if "ServerlessConfig" in config["ProductionVariants"][0] else "real-time"

    def ensure_config(
        self, name: str, package_arn: str, role_arn: str, deployment: DeploymentSettings, kms_key_arn: str | None
    ) -> None:
        """Create the model and the endpoint config, both called `name`; what exists already is left as it is."""
        _unless_it_exists(
            self.client.create_model,
            ModelName=name,
            PrimaryContainer={"ModelPackageName": package_arn},
            ExecutionRoleArn=role_arn,
        )
        request: dict[str, Any] = {"EndpointConfigName": name, "ProductionVariants": [_variant(name, deployment)]}
        if kms_key_arn and isinstance(deployment, RealTime):  # serverless endpoints have no volume to encrypt
            request["KmsKeyId"] = kms_key_arn
        _unless_it_exists(self.client.create_endpoint_config, **request)

    def create(self, name: str, config_name: str) -> None:
        _unless_it_exists(self.client.create_endpoint, EndpointName=name, EndpointConfigName=config_name)

    def update(self, name: str, config_name: str) -> None:
        self.client.update_endpoint(EndpointName=name, EndpointConfigName=config_name)

    def delete_and_wait(self, name: str) -> None:
        """Remove an endpoint that never came up; it must be gone before its name can be used again."""
        self.client.delete_endpoint(EndpointName=name)
        waiter = self.client.get_waiter("endpoint_deleted")
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 60})

    def scale(self, name: str, settings: RealTime) -> None:
        """Register target tracking on invocations per instance; without autoscaling, remove what an earlier one set."""
        target: dict[str, Any] = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{name}/variant/{VARIANT}",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        if settings.autoscaling is None:
            self._stop_scaling(target)
            return
        scaling = settings.autoscaling
        tracking: TargetTrackingScalingPolicyConfigurationTypeDef = {
            "TargetValue": scaling.invocations_per_instance,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
            "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
        }
        self.autoscaling.register_scalable_target(
            **target, MinCapacity=scaling.min_instances, MaxCapacity=scaling.max_instances
        )
        self.autoscaling.put_scaling_policy(
            **target,
            PolicyName=f"{name}-invocations",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking,
        )

    def _stop_scaling(self, target: dict[str, Any]) -> None:
        try:
            self.autoscaling.deregister_scalable_target(**target)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ObjectNotFoundException":
                raise


def _variant(model_name: str, deployment: DeploymentSettings) -> dict[str, Any]:
    variant: dict[str, Any] = {"VariantName": VARIANT, "ModelName": model_name}
    if isinstance(deployment, Serverless):
        limits = {"MemorySizeInMB": deployment.memory_mb, "MaxConcurrency": deployment.max_concurrency}
        return {**variant, "ServerlessConfig": limits}
    if isinstance(deployment, RealTime):
        return {
            **variant,
            "InstanceType": deployment.instance_type,
            "InitialInstanceCount": deployment.initial_instances,
            "InitialVariantWeight": 1.0,
        }
    raise TypeError(f"no variant for deployment mode {deployment.mode}")


def _unless_it_exists(operation: Any, **request: Any) -> None:
    """SageMaker says that a name is taken in words only: `Cannot create already existing …`."""
    try:
        operation(**request)
    except ClientError as error:
        if "already existing" not in error.response["Error"]["Message"]:
            raise
