"""The API of Application Auto Scaling, and the thread in which its policies act.

Cooldowns and alarm periods last AWS's seconds times the cloud's time scale.
"""

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from localcloud.alarms.engine import Fired
from localcloud.api import Call, Handler
from localcloud.autoscaling import rules, tracking
from localcloud.autoscaling.scaler import Scaler
from localcloud.autoscaling.targets import (
    DIMENSION,
    NAMESPACE,
    SUSPENSIONS,
    Policy,
    Target,
    Variants,
    endpoint_and_variant,
    resource_id_of,
)
from localcloud.cloud import Cloud
from localcloud.errors import ApiError

_log = logging.getLogger(__name__)

_TICK: Final = 10
_LEAST_TICK_SECONDS: Final = 0.05
_ZERO_EVERY: Final = 30


class PolicyAlarms(Protocol):
    """CloudWatch, as autoscaling uses it (ministack_port.alarms)."""

    def put(self, request: Mapping[str, Any]) -> str:
        """PutMetricAlarm; the alarm's ARN."""

    def delete(self, names: Sequence[str]) -> None: ...

    def in_alarm(self, name: str) -> bool: ...

    def with_action(self, action: str) -> list[tuple[str, str]]:
        """Name and ARN of each alarm that has the action."""


class ApplicationAutoScaling:
    """`fired` hears from the alarms; `start` begins to act on it."""

    def __init__(
        self, cloud: Cloud, variants: Variants, alarms: PolicyAlarms, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cloud = cloud
        self._variants = variants
        self._alarms = alarms
        self._clock = clock
        self._scaler = Scaler(variants, cloud.time_scale, alarms.in_alarm, clock)
        self._targets: dict[str, Target] = {}
        self._lock = threading.RLock()
        self._fired: queue.SimpleQueue[Fired | None] = queue.SimpleQueue()
        self._next_zero = 0.0
        self._thread = threading.Thread(target=self._run, name="autoscaling", daemon=True)

    def operations(self) -> dict[str, Handler]:
        return {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": self._describe_targets,
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": self._delete_policy,
            "DescribeScalingPolicies": self._describe_policies,
            "DescribeScalingActivities": self._describe_activities,
        }

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._fired.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def fired(self, fired: Fired) -> None:
        """From the alarms' thread, or a request's: never blocks."""
        self._fired.put(fired)

    def handle(self, fired: Fired) -> None:
        with self._lock:
            for target in self._targets.values():
                for policy in target.policies.values():
                    if policy.arn == fired.action:
                        self._scaler.act(target, policy, fired)

    def look(self) -> None:
        """Conclude the changes under way, forget the targets whose variant is gone, and measure idleness."""
        with self._lock:
            for target in list(self._targets.values()):
                if self._variants.instance_count(*target.variant) is None:
                    _log.info("%s is gone, and with it what scaled it", target.resource_id)
                    self._remove(target)
                else:
                    self._scaler.conclude(target)
            if self._clock() >= self._next_zero:
                self._next_zero = self._clock() + _ZERO_EVERY * self._cloud.time_scale
                self._measure_idleness()

    def _run(self) -> None:
        tick = max(_LEAST_TICK_SECONDS, _TICK * self._cloud.time_scale)
        while True:
            try:
                fired = self._fired.get(timeout=tick)
            except queue.Empty:
                fired = Fired("", "", (), 0.0, above=True)
            if fired is None:
                return
            try:
                self.handle(fired)
                self.look()
            except Exception:  # the thread's edge: the alarm fires again
                _log.exception("Autoscaling failed")

    def _measure_idleness(self) -> None:
        """SageMaker reports zeros of a scaled variant without traffic, so that it can scale in."""
        for target in self._targets.values():
            if any(tracking.is_predefined(policy) for policy in target.policies.values()):
                endpoint, variant = target.variant
                dimensions = {"EndpointName": endpoint, "VariantName": variant}
                self._cloud.put_metric(tracking.METRIC_NAMESPACE, tracking.METRIC, 0.0, "None", dimensions)

    def _register(self, call: Call) -> dict[str, Any]:
        resource_id = resource_id_of(call.input)
        known = self._targets.get(resource_id)
        self._authorize(call, known.arn if known else self._new_arn("*"))
        endpoint, variant = endpoint_and_variant(resource_id)
        if self._variants.instance_count(endpoint, variant) is None:
            raise ApiError("ValidationException", f"No SageMaker endpoint variant was found for {resource_id}")
        with self._lock:
            target = self._targets.get(resource_id) or self._new_target(call.input, resource_id)
            _set_bounds(target, call.input)
            self._targets[resource_id] = target
        return {"ScalableTargetARN": target.arn}

    def _deregister(self, call: Call) -> dict[str, Any]:
        target = self._find(call.input)
        self._authorize(call, target.arn)
        with self._lock:
            self._remove(target)
        return {}

    def _remove(self, target: Target) -> None:
        self._targets.pop(target.resource_id, None)
        for policy in target.policies.values():
            self._alarms.delete(policy.own_alarms)

    def _describe_targets(self, call: Call) -> dict[str, Any]:
        self._authorize(call, "*")
        wanted = call.input.get("ResourceIds")
        found = [target.described() for target in self._sorted() if not wanted or target.resource_id in wanted]
        return {"ScalableTargets": found if call.input["ServiceNamespace"] == NAMESPACE else []}

    def _put_policy(self, call: Call) -> dict[str, Any]:
        target, request = self._find(call.input), call.input
        self._authorize(call, target.arn)
        kind = request.get("PolicyType", "StepScaling")
        configuration = _checked_configuration(request, kind)
        with self._lock:
            known = target.policies.get(request["PolicyName"])
            if known and known.kind != kind:
                raise ApiError("ValidationException", f"Policy {known.name} is a {known.kind} policy; it cannot change")
            policy = self._policy(target, request["PolicyName"], kind, configuration, known)
            self._may_keep_alarms(call, "cloudwatch:PutMetricAlarm", policy)
            self._replace_alarms(target, policy, known)
            target.policies[policy.name] = policy
        return {"PolicyARN": policy.arn, "Alarms": self._alarms_of(policy) if policy.tracks else []}

    def _policy(
        self, target: Target, name: str, kind: str, configuration: Mapping[str, Any], known: Policy | None
    ) -> Policy:
        policy = known or Policy(name, self._policy_arn(target, name), kind, configuration, datetime.now(UTC))
        policy = replace(policy, configuration=configuration)
        if not policy.tracks:
            return policy
        high = policy.high_alarm or tracking.alarm_name(target.resource_id, "High")
        low = policy.low_alarm or tracking.alarm_name(target.resource_id, "Low")
        return replace(policy, high_alarm=high, low_alarm="" if configuration.get("DisableScaleIn") else low)

    def _replace_alarms(self, target: Target, policy: Policy, known: Policy | None) -> None:
        if policy.tracks:
            for request in tracking.alarm_requests(target, policy):
                self._alarms.put(request)
        if known:
            self._alarms.delete([name for name in known.own_alarms if name not in policy.own_alarms])

    def _may_keep_alarms(self, call: Call, action: str, policy: Policy) -> None:
        """Application Auto Scaling makes and deletes a policy's alarms with the caller's rights."""
        for name in policy.own_alarms:
            arn = f"arn:aws:cloudwatch:{self._cloud.region}:{self._cloud.account}:alarm:{name}"
            self._cloud.authorize(call.caller, action, arn)

    def _delete_policy(self, call: Call) -> dict[str, Any]:
        target, name = self._find(call.input), call.input["PolicyName"]
        self._authorize(call, target.arn)
        with self._lock:
            policy = target.policies.get(name)
            if policy is None:
                raise ApiError("ObjectNotFoundException", f"No scaling policy found for policy name: {name}")
            self._may_keep_alarms(call, "cloudwatch:DeleteAlarms", policy)
            del target.policies[name]
            self._alarms.delete(policy.own_alarms)
        return {}

    def _describe_policies(self, call: Call) -> dict[str, Any]:
        self._authorize(call, "*")
        names, resource = call.input.get("PolicyNames"), call.input.get("ResourceId")
        found = [
            self._described(target, policy)
            for target in self._sorted()
            for name, policy in sorted(target.policies.items())
            if (not names or name in names) and resource in (None, target.resource_id)
        ]
        return {"ScalingPolicies": found if call.input["ServiceNamespace"] == NAMESPACE else []}

    def _described(self, target: Target, policy: Policy) -> dict[str, Any]:
        return {
            "PolicyARN": policy.arn,
            "PolicyName": policy.name,
            "ServiceNamespace": NAMESPACE,
            "ResourceId": target.resource_id,
            "ScalableDimension": DIMENSION,
            "PolicyType": policy.kind,
            f"{policy.kind}PolicyConfiguration": policy.configuration,
            "Alarms": self._alarms_of(policy),
            "CreationTime": policy.created,
        }

    def _alarms_of(self, policy: Policy) -> list[dict[str, str]]:
        return [{"AlarmName": name, "AlarmARN": arn} for name, arn in sorted(self._alarms.with_action(policy.arn))]

    def _describe_activities(self, call: Call) -> dict[str, Any]:
        self._authorize(call, "*")
        if call.input.get("IncludeNotScaledActivities"):
            raise ApiError("ValidationException", "IncludeNotScaledActivities is not implemented by the local cloud")
        resource = call.input.get("ResourceId")
        with self._lock:
            found = [
                dict(activity)
                for target in self._sorted()
                if resource in (None, target.resource_id)
                for activity in target.activities
            ]
        found.sort(key=lambda activity: activity["StartTime"], reverse=True)
        return {"ScalingActivities": found if call.input["ServiceNamespace"] == NAMESPACE else []}

    def _authorize(self, call: Call, resource: str) -> None:
        action = f"application-autoscaling:{call.operation}"
        keys = {
            "application-autoscaling:service-namespace": call.input["ServiceNamespace"],
            "application-autoscaling:scalable-dimension": call.input.get("ScalableDimension", ""),
        }
        self._cloud.authorize(call.caller, action, resource, keys)

    def _find(self, request: Mapping[str, Any]) -> Target:
        resource_id = resource_id_of(request)
        target = self._targets.get(resource_id)
        if target is None:
            raise ApiError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {NAMESPACE}, resource ID: {resource_id}, "
                f"scalable dimension: {DIMENSION}",
            )
        return target

    def _sorted(self) -> list[Target]:
        with self._lock:
            return [self._targets[name] for name in sorted(self._targets)]

    def _new_target(self, request: Mapping[str, Any], resource_id: str) -> Target:
        missing = [name for name in ("MinCapacity", "MaxCapacity") if name not in request]
        if missing:
            raise ApiError("ValidationException", f"{missing[0]} is required to register a new scalable target")
        role = (
            f"arn:aws:iam::{self._cloud.account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
        )
        return Target(
            resource_id=resource_id,
            arn=self._new_arn(uuid.uuid4().hex),
            minimum=request["MinCapacity"],
            maximum=request["MaxCapacity"],
            role_arn=request.get("RoleARN", role),
            suspended=dict.fromkeys(SUSPENSIONS, False),
            created=datetime.now(UTC),
        )

    def _new_arn(self, name: str) -> str:
        return f"arn:aws:application-autoscaling:{self._cloud.region}:{self._cloud.account}:scalable-target/{name}"

    def _policy_arn(self, target: Target, name: str) -> str:
        return (
            f"arn:aws:autoscaling:{self._cloud.region}:{self._cloud.account}:scalingPolicy:{uuid.uuid4()}:"
            f"resource/{NAMESPACE}/{target.resource_id}:policyName/{name}"
        )


def _checked_configuration(request: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    member = f"{kind}PolicyConfiguration"
    if kind not in ("StepScaling", "TargetTrackingScaling"):
        raise ApiError("ValidationException", f"PolicyType {kind} is not implemented by the local cloud")
    if member not in request:
        raise ApiError("ValidationException", f"{member} is required for policy type {kind}")
    configuration: Mapping[str, Any] = request[member]
    if kind == "StepScaling":
        rules.check_steps(configuration)
    else:
        tracking.check(configuration)
    return configuration


def _set_bounds(target: Target, request: Mapping[str, Any]) -> None:
    minimum, maximum = request.get("MinCapacity", target.minimum), request.get("MaxCapacity", target.maximum)
    if minimum > maximum:
        raise ApiError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    target.minimum, target.maximum = minimum, maximum
    target.suspended = target.suspended | request.get("SuspendedState", {})
