"""Models, endpoint configs and endpoints, each call safe to repeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sluice.errors import BadInputError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True)
class Endpoint:
    """DescribeEndpoint, as far as a rollout needs it; `status` in that call's spelling (`InService`)."""

    name: str
    status: str
    config_name: str
    failure_reason: str | None
    last_modified: datetime
    variants: tuple[str, ...] = ()
    """Its production variants and its shadow, by name."""
    pending_config: str | None = None
    """What an update under way leads to."""

    @property
    def is_busy(self) -> bool:
        return self.status in ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class EndpointBusyError(TransientError):
    """Something else changes the endpoint: autoscaling, or a person."""


@dataclass(frozen=True)
class Endpoints:
    client: "SageMakerClient"

    def describe(self, name: str) -> Endpoint | None:
        try:
            found = self.client.describe_endpoint(EndpointName=name)
        except ClientError as error:
            if "Could not find endpoint" in error.response["Error"]["Message"]:
                return None
            raise
        variants = [*found.get("ProductionVariants", []), *found.get("ShadowProductionVariants", [])]
        return Endpoint(
            name,
            found["EndpointStatus"],
            found.get("EndpointConfigName", ""),
            found.get("FailureReason"),
            found["LastModifiedTime"],
            tuple(variant["VariantName"] for variant in variants),
            found.get("PendingDeploymentSummary", {}).get("EndpointConfigName"),
        )

    def ensure_model(self, name: str, container: Mapping[str, Any], role_arn: str) -> None:
        """Create the model; one that exists already is left as it is."""
        request: Any = {"ModelName": name, "PrimaryContainer": dict(container), "ExecutionRoleArn": role_arn}
        _unless_it_exists(self.client.create_model, **request)

    def ensure_config(self, request: Mapping[str, Any]) -> None:
        """CreateEndpointConfig; one that exists already is left as it is."""
        _unless_it_exists(self.client.create_endpoint_config, **request)

    def create(self, name: str, config_name: str) -> None:
        _unless_it_exists(self.client.create_endpoint, EndpointName=name, EndpointConfigName=config_name)

    def update(
        self, name: str, config_name: str, deployment_config: Mapping[str, Any] | None, keep_instances: bool
    ) -> None:
        """keep_instances: as many as autoscaling has made of them, not the config's initial count."""
        request: dict[str, Any] = {"EndpointName": name, "EndpointConfigName": config_name}
        if deployment_config:
            request["DeploymentConfig"] = dict(deployment_config)
        if keep_instances:
            request["RetainAllVariantProperties"] = True
            request["ExcludeRetainedVariantProperties"] = [
                {"VariantPropertyType": "DesiredWeight"},
                {"VariantPropertyType": "DataCaptureConfig"},
            ]
        _asked(self.client.update_endpoint, **request)

    def delete_and_wait(self, name: str) -> None:
        """Remove an endpoint that never came up; it must be gone before its name can be used again."""
        self.client.delete_endpoint(EndpointName=name)
        waiter = self.client.get_waiter("endpoint_deleted")
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 60})


def _unless_it_exists(operation: Any, **request: Any) -> None:
    """SageMaker says that a name is taken in words only: `Cannot create already existing …`."""
    try:
        _asked(operation, **request)
    except BadInputError as error:
        if "already existing" not in str(error):
            raise


def _asked(operation: Any, **request: Any) -> None:
    """Raises BadInputError for what SageMaker refuses, EndpointBusyError where something is under way already."""
    try:
        operation(**request)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if "in-progress" in message:
            raise EndpointBusyError(f"SageMaker is busy: {message}") from error
        if code in _REFUSALS:
            raise BadInputError(f"SageMaker refused: {message}") from error
        raise


_REFUSALS = ("ValidationException", "ResourceLimitExceeded")
"""Of the request or the account: the same request would be refused again."""
