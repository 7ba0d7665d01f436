"""The endpoint operations."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Caller, Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.events import emit
from localcloud.sagemaker.hosting.capacity import Desired, check_desired, read_desired
from localcloud.sagemaker.hosting.deployment import Deployments, Update
from localcloud.sagemaker.hosting.endpoint import EVENT_STATUS, IN_PROGRESS, Endpoint
from localcloud.sagemaker.hosting.endpoint_configs import EndpointConfigs
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.guardrails import Policy, check_policy, read_policy
from localcloud.sagemaker.hosting.refusals import invalid
from localcloud.sagemaker.hosting.rollback_alarms import RollbackAlarms
from localcloud.sagemaker.hosting.update_switch import UpdateSwitch
from localcloud.sagemaker.hosting.variant_status import PendingDeployment
from localcloud.sagemaker.hosting.variants import VariantSpec
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore


class Endpoints:
    def __init__(self, cloud: Cloud, tags: TagStore, configs: EndpointConfigs, deployments: Deployments) -> None:
        self._cloud = cloud
        self._tags = tags
        self._configs = configs
        self._deployments = deployments
        self._alarms = RollbackAlarms(cloud)
        self._lock = threading.RLock()
        self._endpoints: dict[str, Endpoint] = {}
        self.before_delete: Callable[[str], None] = lambda name: None
        """Called with an endpoint's name before its deletion begins; an ApiError that it raises is the answer."""

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateEndpoint": self._create,
            "UpdateEndpoint": self._update,
            "UpdateEndpointWeightsAndCapacities": self._update_capacities,
            "DescribeEndpoint": self._describe,
            "ListEndpoints": self._list,
            "DeleteEndpoint": self._delete,
        }

    def arn(self, name: str) -> str:
        return arn(self._cloud, "endpoint", name)

    def find(self, name: str) -> Endpoint | None:
        return self._endpoints.get(self.arn(name))

    def all(self) -> list[Endpoint]:
        with self._lock:
            return list(self._endpoints.values())

    def in_service(self, name: str) -> Endpoint:
        """For the runtime, which does not know an endpoint that is being created, failed or is being deleted."""
        endpoint = self.find(name)
        if endpoint is None or not endpoint.variant_names():
            raise ApiError("ValidationError", f"Endpoint {name} of account {self._cloud.account} not found.")
        return endpoint

    def get(self, name: str) -> Endpoint:
        endpoint = self.find(name)
        if endpoint is None:
            raise invalid(f'Could not find endpoint "{self.arn(name)}".')
        return endpoint

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        self._authorize(call, name, config_name)
        self._tags.authorize(call.caller, self.arn(name), request.get("Tags", []))
        specs = self._configs.variants(config_name)
        self._checked_policy(call.caller, request.get("DeploymentConfig", {}), specs, specs)
        with self._lock:
            if self.arn(name) in self._endpoints:
                raise invalid(f'Cannot create already existing endpoint "{self.arn(name)}".')
            endpoint = Endpoint(name, self.arn(name), PendingDeployment(config_name, specs), self._announce)
            endpoint.remember(request.get("DeploymentConfig"))
            self._endpoints[endpoint.arn] = endpoint
        self._tags.register(endpoint.arn, request.get("Tags", []))
        endpoint.announce()
        self._deployments.create(endpoint, specs)
        return {"EndpointArn": endpoint.arn}

    def _update(self, call: Call) -> dict[str, Any]:
        request = call.input
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        self._authorize(call, name, config_name)
        endpoint = self.get(name)
        old = self._changeable(endpoint)
        specs = _retained(self._configs.variants(config_name), old, request)
        self._check_update(endpoint, specs)
        config = _deployment_config(endpoint, request)
        policy = self._checked_policy(call.caller, config or {}, [variant.spec for variant in old.variants], specs)
        if not endpoint.begin("Updating", PendingDeployment(config_name, specs)):
            raise _in_progress(endpoint)
        endpoint.remember(config)
        switch = UpdateSwitch.take(self._tags, endpoint.arn)
        self._deployments.update(endpoint, old, Update(config_name, specs, policy, switch))
        return {"EndpointArn": endpoint.arn}

    def _update_capacities(self, call: Call) -> dict[str, Any]:
        name = call.input["EndpointName"]
        self._cloud.authorize(call.caller, "sagemaker:UpdateEndpointWeightsAndCapacities", self.arn(name))
        self.change_capacity(name, read_desired(call.input["DesiredWeightsAndCapacities"]))
        return {"EndpointArn": self.arn(name)}

    def change_capacity(self, name: str, desired: Sequence[Desired]) -> None:
        """Begin the change, of an endpoint in service; ValidationException when it cannot be."""
        endpoint = self.get(name)
        fleet = self._changeable(endpoint)
        check_desired(desired, fleet, may_be_zero=fleet.variants[0].spec.asynchronous is not None)
        if not endpoint.begin("Updating"):
            raise _in_progress(endpoint)
        self._deployments.change_capacity(endpoint, fleet, desired)

    def _changeable(self, endpoint: Endpoint) -> Fleet:
        """The fleet of an endpoint that takes changes."""
        if endpoint.status in IN_PROGRESS:
            raise _in_progress(endpoint)
        fleet = endpoint.fleet
        if endpoint.status != "InService" or fleet is None:
            raise invalid(
                f'Cannot update endpoint "{endpoint.arn}" in status {endpoint.status}; delete it and create it again.'
            )
        return fleet

    def _check_update(self, endpoint: Endpoint, specs: Sequence[VariantSpec]) -> None:
        # SageMaker needs the config in use as well: without it an endpoint serves, but cannot change any more.
        self._configs.get(endpoint.config_name)
        if specs[0].serverless and not endpoint.serverless:
            raise invalid(
                f'Cannot update endpoint "{endpoint.arn}" from instance-based to serverless variants. Create another '
                "endpoint for the serverless config."
            )

    def _checked_policy(
        self, caller: Caller, config: Mapping[str, Any], old: Sequence[VariantSpec], new: Sequence[VariantSpec]
    ) -> Policy:
        policy = read_policy(config)
        check_policy(policy, old, new)
        self._alarms.require(policy.alarms, caller, [spec.model.role_arn for spec in new])
        return policy

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input["EndpointName"]
        self._cloud.authorize(call.caller, "sagemaker:DescribeEndpoint", self.arn(name))
        return self.get(name).describe()

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListEndpoints", "*")
        with self._lock:
            endpoints = [endpoint.describe() for endpoint in self._endpoints.values()]
        request = {"SortOrder": "Descending", **call.input}
        shown, token = page(select(endpoints, request, "EndpointName", "EndpointStatus"), request)
        names = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
        return {"Endpoints": [{name: each[name] for name in names} for each in shown], "NextToken": token}

    def _delete(self, call: Call) -> dict[str, Any]:
        name = call.input["EndpointName"]
        self._cloud.authorize(call.caller, "sagemaker:DeleteEndpoint", self.arn(name))
        endpoint = self.get(name)
        self.before_delete(name)
        if not endpoint.begin("Deleting"):
            raise _in_progress(endpoint)
        self._deployments.delete(endpoint, then=lambda: self._forget(endpoint.arn))
        return {}

    def _forget(self, endpoint_arn: str) -> None:
        with self._lock:
            self._endpoints.pop(endpoint_arn, None)
        self._tags.forget(endpoint_arn)

    def _authorize(self, call: Call, name: str, config_name: str) -> None:
        """SageMaker asks for the action on the endpoint and on the config."""
        for resource in (self.arn(name), self._configs.arn(config_name)):
            self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", resource)

    def _announce(self, endpoint: Endpoint, event: str) -> None:
        described = endpoint.describe()
        detail = described | {"EndpointStatus": EVENT_STATUS[described["EndpointStatus"]]}
        emit(self._cloud, event, endpoint.arn, detail, self._tags.of(endpoint.arn))


def _in_progress(endpoint: Endpoint) -> Exception:
    return invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _deployment_config(endpoint: Endpoint, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The request's, or with RetainDeploymentConfig the last deployment's."""
    given: Mapping[str, Any] | None = request.get("DeploymentConfig")
    if not request.get("RetainDeploymentConfig"):
        return given
    if given is not None:
        raise invalid("Both DeploymentConfig and RetainDeploymentConfig are given; give one of them")
    return endpoint.deployment_config


def _retained(specs: Sequence[VariantSpec], live: Fleet, request: Mapping[str, Any]) -> list[VariantSpec]:
    """With RetainAllVariantProperties the live variants' weights and instance counts, but for the excluded ones."""
    if not request.get("RetainAllVariantProperties"):
        return list(specs)
    excluded = {each["VariantPropertyType"] for each in request.get("ExcludeRetainedVariantProperties", [])}
    return [_retaining(spec, live, excluded) for spec in specs]


def _retaining(spec: VariantSpec, live: Fleet, excluded: set[str]) -> VariantSpec:
    variant = live.find(spec.name)
    if variant is None:
        return spec
    if "DesiredWeight" not in excluded:
        spec = replace(spec, weight=variant.spec.weight)
    if "DesiredInstanceCount" not in excluded and not (spec.serverless or variant.spec.serverless):
        spec = replace(spec, instance_count=variant.spec.instance_count)
    if "DataCaptureConfig" not in excluded:
        spec = replace(spec, capture=variant.spec.capture)
    return spec
