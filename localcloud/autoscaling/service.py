"""The API of Application Auto Scaling."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from localcloud.api import Call, Handler
from localcloud.autoscaling import rules, tracking
from localcloud.autoscaling.acting import Acting
from localcloud.autoscaling.scaler import Scaler
from localcloud.autoscaling.targets import (
    DIMENSION,
    NAMESPACE,
    SUSPENSIONS,
    Policy,
    PolicyAlarms,
    Target,
    Targets,
    Variants,
    endpoint_and_variant,
    resource_id_of,
)
from localcloud.cloud import Cloud
from localcloud.errors import ApiError


class ApplicationAutoScaling:
    """`acting` hears from the alarms, and acts between its `start` and `close`."""

    def __init__(
        self, cloud: Cloud, variants: Variants, alarms: PolicyAlarms, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cloud = cloud
        self._variants = variants
        self._alarms = alarms
        self._targets = Targets(alarms)
        self.acting = Acting(cloud, self._targets, Scaler(variants, cloud.time_scale, alarms.in_alarm, clock), clock)

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

    def _register(self, call: Call) -> dict[str, Any]:
        resource_id = resource_id_of(call.input)
        known = self._targets.find(resource_id)
        self._authorize(call, known.arn if known else self._new_arn("*"))
        endpoint, variant = endpoint_and_variant(resource_id)
        if self._variants.instance_count(endpoint, variant) is None:
            raise ApiError("ValidationException", f"No SageMaker endpoint variant was found for {resource_id}")
        with self._targets.lock:
            target = self._targets.find(resource_id) or self._new_target(call.input, resource_id)
            _set_bounds(target, call.input)
            self._targets.add(target)
        return {"ScalableTargetARN": target.arn}

    def _deregister(self, call: Call) -> dict[str, Any]:
        target = self._targets.get(call.input)
        self._authorize(call, target.arn)
        with self._targets.lock:
            self._targets.remove(target)
        return {}

    def _describe_targets(self, call: Call) -> dict[str, Any]:
        self._authorize(call, "*")
        wanted = call.input.get("ResourceIds")
        found = [target.described() for target in self._targets.all() if not wanted or target.resource_id in wanted]
        return {"ScalableTargets": found if call.input["ServiceNamespace"] == NAMESPACE else []}

    def _put_policy(self, call: Call) -> dict[str, Any]:
        target, request = self._targets.get(call.input), call.input
        self._authorize(call, target.arn)
        kind = request.get("PolicyType", "StepScaling")
        configuration = _checked_configuration(request, kind)
        with self._targets.lock:
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
        target, name = self._targets.get(call.input), call.input["PolicyName"]
        self._authorize(call, target.arn)
        with self._targets.lock:
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
            for target in self._targets.all()
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
        with self._targets.lock:
            found = [
                dict(activity)
                for target in self._targets.all()
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
