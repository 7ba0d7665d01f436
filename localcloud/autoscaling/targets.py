"""Scalable targets: one variant of one endpoint each, its bounds, its policies, its history."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from localcloud.autoscaling.rules import NO_COOLING, Cooling
from localcloud.errors import ApiError

NAMESPACE: Final = "sagemaker"
DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
SUSPENSIONS: Final = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
_KEPT_ACTIVITIES: Final = 500


class Variants(Protocol):
    """Whose instances are counted and changed (sagemaker.hosting)."""

    def instance_count(self, endpoint_name: str, variant_name: str) -> int | None:
        """How many serve now; None: no such variant in service."""

    def is_changing(self, endpoint_name: str) -> bool:
        """Whether a change is under way, of whatever of the endpoint."""

    def set_instance_count(self, endpoint_name: str, variant_name: str, count: int) -> None:
        """Ask for the change; ApiError when it cannot be now."""


@dataclass(frozen=True)
class Policy:
    """`document` is what DescribeScalingPolicies shows, but for the alarms that others bind to it."""

    name: str
    arn: str
    kind: str
    configuration: Mapping[str, Any]
    created: datetime
    high_alarm: str = ""
    """Target tracking's own two alarms; empty for step scaling."""
    low_alarm: str = ""

    @property
    def tracks(self) -> bool:
        return self.kind == "TargetTrackingScaling"

    @property
    def own_alarms(self) -> list[str]:
        return [name for name in (self.high_alarm, self.low_alarm) if name]


@dataclass
class Target:
    """Changed under the service's lock only."""

    resource_id: str
    arn: str
    minimum: int
    maximum: int
    role_arn: str
    suspended: dict[str, bool]
    created: datetime
    policies: dict[str, Policy] = field(default_factory=dict)
    activities: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_ACTIVITIES))
    """Newest first."""
    cooling: Cooling = NO_COOLING
    change: "Change | None" = None

    @property
    def variant(self) -> tuple[str, str]:
        return endpoint_and_variant(self.resource_id)

    def described(self) -> dict[str, Any]:
        return {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": self.resource_id,
            "ScalableDimension": DIMENSION,
            "MinCapacity": self.minimum,
            "MaxCapacity": self.maximum,
            "RoleARN": self.role_arn,
            "CreationTime": self.created,
            "SuspendedState": self.suspended,
            "ScalableTargetARN": self.arn,
        }


@dataclass(frozen=True)
class Change:
    """A change of capacity under way. `cooldown` in real seconds, from its completion."""

    before: int
    wanted: int
    cooldown: float
    activity: dict[str, Any]


def resource_id_of(request: Mapping[str, Any]) -> str:
    dimension = request["ScalableDimension"]
    if request["ServiceNamespace"] != NAMESPACE or dimension != DIMENSION:
        raise ApiError("ValidationException", f"The local cloud scales {DIMENSION} only, not {dimension}")
    resource_id: str = request["ResourceId"]
    return resource_id


def endpoint_and_variant(resource_id: str) -> tuple[str, str]:
    parts = resource_id.split("/")
    if len(parts) != 4 or (parts[0], parts[2]) != ("endpoint", "variant"):
        raise ApiError("ValidationException", "Unsupported service namespace, resource type or scalable dimension")
    return parts[1], parts[3]
