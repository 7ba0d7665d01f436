"""Scalable targets of endpoint variants."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sluice.definition.deployment import Autoscaling, BacklogScaling
from sluice.naming import alarm_name
from sluice.serving.scaling import backlog_alarm, from_zero, scalable_target, tracking

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient


@dataclass(frozen=True)
class VariantScaling:
    client: "ApplicationAutoScalingClient"
    cloudwatch: "CloudWatchClient"

    def scale(self, endpoint: str, variant: str, scaling: Autoscaling | BacklogScaling | None) -> None:
        """Register the target and its policies; without `scaling`, remove what an earlier one set."""
        if scaling is None:
            self.stop(endpoint, [variant])
            return
        target: Any = scalable_target(endpoint, variant)
        self.client.register_scalable_target(
            **target, MinCapacity=scaling.min_instances, MaxCapacity=scaling.max_instances
        )
        self.client.put_scaling_policy(
            **target,
            PolicyName=f"{endpoint}-{variant}-load",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking(endpoint, scaling),  # type: ignore[arg-type]
        )
        if isinstance(scaling, BacklogScaling) and scaling.min_instances == 0:
            self._leave_zero(target, endpoint, variant, scaling)

    def _leave_zero(self, target: Any, endpoint: str, variant: str, scaling: BacklogScaling) -> None:
        policy = self.client.put_scaling_policy(
            **target,
            PolicyName=f"{endpoint}-{variant}-from-zero",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration=from_zero(scaling),  # type: ignore[arg-type]
        )
        name = alarm_name(endpoint, variant, "backlog-without-capacity")
        self.cloudwatch.put_metric_alarm(**backlog_alarm(name, endpoint, policy["PolicyARN"]))

    def stop(self, endpoint: str, variants: Iterable[str]) -> None:
        """SageMaker removes no variant that is a scalable target (Developer Guide, "Endpoint autoscaling")."""
        for variant in variants:
            target: Any = scalable_target(endpoint, variant)
            try:
                self.client.deregister_scalable_target(**target)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ObjectNotFoundException":
                    raise
