"""The endpoint operations."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.events import emit
from localcloud.sagemaker.hosting.deployment import Deployments
from localcloud.sagemaker.hosting.endpoint import EVENT_STATUS, IN_PROGRESS, Endpoint
from localcloud.sagemaker.hosting.endpoint_configs import EndpointConfigs
from localcloud.sagemaker.hosting.refusals import invalid, refuse_members
from localcloud.sagemaker.hosting.variants import VariantSpec
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore

EVENT: Final = "SageMaker Endpoint State Change"

NEXT_UPDATE: Final = "localcloud:next-update"
"""A tag for tests, on the endpoint: its next update is rolled back, "rollback" silently, "fail" with a FailureReason.
The update takes the tag away."""
DIRECTIVES: Final = ("rollback", "fail")


class Endpoints:
    def __init__(self, cloud: Cloud, tags: TagStore, configs: EndpointConfigs, deployments: Deployments) -> None:
        self._cloud = cloud
        self._tags = tags
        self._configs = configs
        self._deployments = deployments
        self._lock = threading.RLock()
        self._endpoints: dict[str, Endpoint] = {}

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateEndpoint": self._create,
            "UpdateEndpoint": self._update,
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
        _refuse_guardrails(request)
        with self._lock:
            if self.arn(name) in self._endpoints:
                raise invalid(f'Cannot create already existing endpoint "{self.arn(name)}".')
            specs = self._configs.variants(config_name)
            endpoint = Endpoint(name, self.arn(name), config_name, self._announce)
            self._endpoints[endpoint.arn] = endpoint
        self._tags.register(endpoint.arn, request.get("Tags", []))
        endpoint.announce()
        self._deployments.create(endpoint, specs)
        return {"EndpointArn": endpoint.arn}

    def _update(self, call: Call) -> dict[str, Any]:
        request = call.input
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        self._authorize(call, name, config_name)
        _refuse_guardrails(request)
        endpoint = self.get(name)
        self._check_update(endpoint, specs := self._configs.variants(config_name))
        if not endpoint.begin("Updating", config_name):
            raise _in_progress(endpoint)
        self._deployments.update(endpoint, config_name, specs, self._take_directive(endpoint.arn))
        return {"EndpointArn": endpoint.arn}

    def _check_update(self, endpoint: Endpoint, specs: Sequence[VariantSpec]) -> None:
        if endpoint.status in IN_PROGRESS:
            raise _in_progress(endpoint)
        if endpoint.status == "Failed":
            raise invalid(f'Cannot update endpoint "{endpoint.arn}" in status Failed; delete it and create it again.')
        # SageMaker needs the config in use as well: without it an endpoint serves, but cannot change any more.
        self._configs.get(endpoint.config_name)
        if specs[0].serverless and not endpoint.serverless:
            raise invalid(
                f'Cannot update endpoint "{endpoint.arn}" from instance-based to serverless variants. Create another '
                "endpoint for the serverless config."
            )

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

    def _take_directive(self, endpoint_arn: str) -> str:
        tags = self._tags.of(endpoint_arn)
        directive = tags.pop(NEXT_UPDATE, "")
        if directive:
            self._tags.register(endpoint_arn, [{"Key": key, "Value": value} for key, value in tags.items()])
        return directive if directive in DIRECTIVES else ""

    def _announce(self, endpoint: Endpoint) -> None:
        described = endpoint.describe()
        detail = described | {"EndpointStatus": EVENT_STATUS[described["EndpointStatus"]]}
        emit(self._cloud, EVENT, endpoint.arn, detail, self._tags.of(endpoint.arn))


def _in_progress(endpoint: Endpoint) -> Exception:
    return invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _refuse_guardrails(request: Mapping[str, Any]) -> None:
    """All at once is what happens here; every other way of shifting traffic is refused."""
    refuse_members(
        request, ["RetainAllVariantProperties", "ExcludeRetainedVariantProperties", "RetainDeploymentConfig"]
    )
    policy = request.get("DeploymentConfig", {})
    refuse_members(policy, ["RollingUpdatePolicy", "AutoRollbackConfiguration"], "DeploymentConfig.")
    routing = policy.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    if routing.get("Type", "ALL_AT_ONCE") != "ALL_AT_ONCE":
        place = "DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type"
        raise invalid(f"{place} {routing['Type']} is not implemented by the local cloud; use ALL_AT_ONCE")
