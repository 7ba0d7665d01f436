"""Scalable targets: one variant of one endpoint each, its bounds, its policies, its history."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
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


class PolicyAlarms(Protocol):
    """CloudWatch, as autoscaling uses it (ministack_port.alarms)."""

    def put(self, request: Mapping[str, Any]) -> str:
        """PutMetricAlarm; the alarm's ARN."""

    def delete(self, names: Sequence[str]) -> None: ...

    def in_alarm(self, name: str) -> bool: ...

    def with_action(self, action: str) -> list[tuple[str, str]]:
        """Name and ARN of each alarm that has the action."""


@dataclass(frozen=True)
class Policy:
    """`configuration` is of its kind: StepScaling or TargetTrackingScaling."""

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
    """Changed under the lock of its Targets only."""

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


class Targets:
    """All there are. Whoever looks at more than one thing at once holds `lock`."""

    def __init__(self, alarms: PolicyAlarms) -> None:
        self._alarms = alarms
        self._targets: dict[str, Target] = {}
        self.lock = threading.RLock()

    def add(self, target: Target) -> None:
        with self.lock:
            self._targets[target.resource_id] = target

    def find(self, resource_id: str) -> Target | None:
        return self._targets.get(resource_id)

    def get(self, request: Mapping[str, Any]) -> Target:
        """The target that a request names; ApiError when it is not registered."""
        resource_id = resource_id_of(request)
        target = self.find(resource_id)
        if target is None:
            raise ApiError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {NAMESPACE}, resource ID: {resource_id}, "
                f"scalable dimension: {DIMENSION}",
            )
        return target

    def all(self) -> list[Target]:
        with self.lock:
            return [self._targets[name] for name in sorted(self._targets)]

    def remove(self, target: Target) -> None:
        """And the alarms of its policies."""
        with self.lock:
            self._targets.pop(target.resource_id, None)
            for policy in target.policies.values():
                self._alarms.delete(policy.own_alarms)


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
