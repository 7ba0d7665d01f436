"""Application Auto Scaling for endpoint variants: targets and policies are validated, stored and described.

No policy acts yet: a target-tracking policy does not change the number of a variant's processes, and each one that is
put says so in the log.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from localcloud.api import Call, Handler
from localcloud.cloud import Cloud
from localcloud.errors import ApiError

_log = logging.getLogger(__name__)

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"

# (endpoint name, variant name)
VariantExists = Callable[[str, str], bool]


@dataclass(frozen=True)
class _Target:
    resource_id: str
    arn: str
    minimum: int
    maximum: int
    role_arn: str
    suspended: dict[str, bool]
    created: datetime
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)

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


class ApplicationAutoScaling:
    def __init__(self, cloud: Cloud, variant_exists: VariantExists) -> None:
        self._cloud = cloud
        self._variant_exists = variant_exists
        self._targets: dict[str, _Target] = {}
        self._lock = threading.Lock()

    def operations(self) -> dict[str, Handler]:
        return {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": self._describe_targets,
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": self._delete_policy,
            "DescribeScalingPolicies": self._describe_policies,
        }

    def _register(self, call: Call) -> dict[str, Any]:
        resource_id = _resource_id(call.input)
        known = self._targets.get(resource_id)
        self._authorize(call, known.arn if known else self._new_arn("*"))
        endpoint, variant = _endpoint_and_variant(resource_id)
        if not self._variant_exists(endpoint, variant):
            raise ApiError("ValidationException", f"No SageMaker endpoint variant was found for {resource_id}")
        with self._lock:
            target = self._targets.get(resource_id) or self._new_target(call.input, resource_id)
            self._targets[resource_id] = _bounded(target, call.input)
        return {"ScalableTargetARN": target.arn}

    def _deregister(self, call: Call) -> dict[str, Any]:
        target = self._find(call.input)
        self._authorize(call, target.arn)
        with self._lock:
            self._targets.pop(target.resource_id, None)
        return {}

    def _describe_targets(self, call: Call) -> dict[str, Any]:
        self._authorize(call, "*")
        wanted = call.input.get("ResourceIds")
        found = [target.described() for target in self._sorted() if not wanted or target.resource_id in wanted]
        return {"ScalableTargets": found if call.input["ServiceNamespace"] == NAMESPACE else []}

    def _put_policy(self, call: Call) -> dict[str, Any]:
        target = self._find(call.input)
        self._authorize(call, target.arn)
        request = call.input
        kind = request.get("PolicyType", "StepScaling")
        configuration = f"{kind}PolicyConfiguration"
        if configuration not in request:
            raise ApiError("ValidationException", f"{configuration} is required for policy type {kind}")
        name = request["PolicyName"]
        with self._lock:
            known = target.policies.get(name, {})
            target.policies[name] = {
                "PolicyARN": known.get("PolicyARN") or self._policy_arn(target, name),
                "PolicyName": name,
                "ServiceNamespace": NAMESPACE,
                "ResourceId": target.resource_id,
                "ScalableDimension": DIMENSION,
                "PolicyType": kind,
                configuration: request[configuration],
                "Alarms": [],
                "CreationTime": known.get("CreationTime") or datetime.now(UTC),
            }
        _log.info("scaling policy %s of %s is kept, and not acted on by the local cloud", name, target.resource_id)
        return {"PolicyARN": target.policies[name]["PolicyARN"], "Alarms": []}

    def _delete_policy(self, call: Call) -> dict[str, Any]:
        target = self._find(call.input)
        self._authorize(call, target.arn)
        with self._lock:
            if target.policies.pop(call.input["PolicyName"], None) is None:
                name = call.input["PolicyName"]
                raise ApiError("ObjectNotFoundException", f"No scaling policy found for policy name: {name}")
        return {}

    def _describe_policies(self, call: Call) -> dict[str, Any]:
        self._authorize(call, "*")
        names, resource = call.input.get("PolicyNames"), call.input.get("ResourceId")
        found = [
            policy
            for target in self._sorted()
            for name, policy in sorted(target.policies.items())
            if (not names or name in names) and resource in (None, target.resource_id)
        ]
        return {"ScalingPolicies": found if call.input["ServiceNamespace"] == NAMESPACE else []}

    def _authorize(self, call: Call, resource: str) -> None:
        action = f"application-autoscaling:{call.operation}"
        keys = {
            "application-autoscaling:service-namespace": call.input["ServiceNamespace"],
            "application-autoscaling:scalable-dimension": call.input.get("ScalableDimension", ""),
        }
        self._cloud.authorize(call.caller, action, resource, keys)

    def _find(self, request: Mapping[str, Any]) -> _Target:
        resource_id = _resource_id(request)
        target = self._targets.get(resource_id)
        if target is None:
            raise ApiError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {NAMESPACE}, resource ID: {resource_id}, "
                f"scalable dimension: {DIMENSION}",
            )
        return target

    def _sorted(self) -> list[_Target]:
        with self._lock:
            return [self._targets[name] for name in sorted(self._targets)]

    def _new_target(self, request: Mapping[str, Any], resource_id: str) -> _Target:
        missing = [name for name in ("MinCapacity", "MaxCapacity") if name not in request]
        if missing:
            raise ApiError("ValidationException", f"{missing[0]} is required to register a new scalable target")
        role = (
            f"arn:aws:iam::{self._cloud.account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
        )
        suspended = dict.fromkeys(
            ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
        )
        return _Target(
            resource_id=resource_id,
            arn=self._new_arn(uuid.uuid4().hex),
            minimum=request["MinCapacity"],
            maximum=request["MaxCapacity"],
            role_arn=request.get("RoleARN", role),
            suspended=suspended,
            created=datetime.now(UTC),
        )

    def _new_arn(self, name: str) -> str:
        return f"arn:aws:application-autoscaling:{self._cloud.region}:{self._cloud.account}:scalable-target/{name}"

    def _policy_arn(self, target: _Target, name: str) -> str:
        return (
            f"arn:aws:autoscaling:{self._cloud.region}:{self._cloud.account}:scalingPolicy:{uuid.uuid4()}:"
            f"resource/{NAMESPACE}/{target.resource_id}:policyName/{name}"
        )


def _resource_id(request: Mapping[str, Any]) -> str:
    dimension = request["ScalableDimension"]
    if request["ServiceNamespace"] != NAMESPACE or dimension != DIMENSION:
        raise ApiError("ValidationException", f"The local cloud scales {DIMENSION} only, not {dimension}")
    resource_id: str = request["ResourceId"]
    return resource_id


def _endpoint_and_variant(resource_id: str) -> tuple[str, str]:
    parts = resource_id.split("/")
    if len(parts) != 4 or (parts[0], parts[2]) != ("endpoint", "variant"):
        raise ApiError("ValidationException", "Unsupported service namespace, resource type or scalable dimension")
    return parts[1], parts[3]


def _bounded(target: _Target, request: Mapping[str, Any]) -> _Target:
    bounded = replace(
        target,
        minimum=request.get("MinCapacity", target.minimum),
        maximum=request.get("MaxCapacity", target.maximum),
        suspended=target.suspended | request.get("SuspendedState", {}),
    )
    if bounded.minimum > bounded.maximum:
        raise ApiError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    return bounded
