"""Job definitions: what a monitoring job of an endpoint reads, runs and leaves. They never change."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.jobs.checks import invalid
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.monitoring.checks import capture_of, check_definition, require_open
from localcloud.sagemaker.monitoring.kinds import KINDS, Kind
from localcloud.sagemaker.tags import TagStore

_NAME: Final = "JobDefinitionName"
_ARN: Final = "JobDefinitionArn"

FindEndpoint = Callable[[str], Endpoint]
FindUsers = Callable[[Kind, str], list[str]]


class JobDefinitions:
    """`users` names the schedules that use a definition, by kind and name."""

    def __init__(self, cloud: Cloud, tags: TagStore, endpoint: FindEndpoint, users: FindUsers) -> None:
        self._cloud = cloud
        self._tags = tags
        self._endpoint = endpoint
        self._users = users
        self._lock = threading.Lock()
        self._held: dict[str, Mapping[str, Any]] = {}

    def operations(self) -> dict[str, Handler]:
        return {name: handler for kind in KINDS.values() for name, handler in self._operations(kind).items()}

    def get(self, kind: Kind, name: str) -> Mapping[str, Any]:
        """ResourceNotFound when there is none."""
        found = self._held.get(self._arn(kind, name))
        if found is None:
            raise ApiError("ResourceNotFound", f"Monitoring Job Definition {self._arn(kind, name)} not found")
        return found

    def _operations(self, kind: Kind) -> dict[str, Handler]:
        definition = f"{kind.prefix}JobDefinition"
        return {
            f"Create{definition}": lambda call: self._create(kind, call),
            f"Describe{definition}": lambda call: self._describe(kind, call),
            f"List{definition}s": lambda call: self._list(kind, call),
            f"Delete{definition}": lambda call: self._delete(kind, call),
        }

    def _create(self, kind: Kind, call: Call) -> dict[str, Any]:
        request = call.input
        definition_arn = self._arn(kind, request[_NAME])
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", definition_arn)
        self._tags.authorize(call.caller, definition_arn, request.get("Tags", ()))
        passed_to = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        self._cloud.authorize(call.caller, "iam:PassRole", request["RoleArn"], passed_to)
        check_definition(kind, request)
        endpoint = self._endpoint(kind.endpoint_input(request)["EndpointName"])
        require_open(self._tags.of(endpoint.arn), call.operation)
        capture_of(endpoint)
        held = {name: value for name, value in request.items() if name != "Tags"}
        with self._lock:
            if definition_arn in self._held:
                raise ApiError("ResourceInUse", f"Monitoring Job Definition {definition_arn} already exists")
            self._held[definition_arn] = held | {_ARN: definition_arn, "CreationTime": datetime.now(UTC)}
        self._tags.register(definition_arn, request.get("Tags", ()))
        return {_ARN: definition_arn}

    def _describe(self, kind: Kind, call: Call) -> dict[str, Any]:
        name = call.input[_NAME]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(kind, name))
        return dict(self.get(kind, name))

    def _list(self, kind: Kind, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", "*")
        request = {"SortOrder": "Descending", **call.input}
        with self._lock:
            held = [_summary(kind, one) for one in self._held.values() if kind.member("JobInput") in one]
        endpoint = request.get("EndpointName")
        wanted = [one for one in held if endpoint in (None, one["EndpointName"])]
        chosen = select(wanted, request, "MonitoringJobDefinitionName", "MonitoringJobDefinitionArn")
        shown, token = page(chosen, request)
        members = ("MonitoringJobDefinitionName", "MonitoringJobDefinitionArn", "CreationTime", "EndpointName")
        return {
            "JobDefinitionSummaries": [{member: one[member] for member in members} for one in shown],
            "NextToken": token,
        }

    def _delete(self, kind: Kind, call: Call) -> dict[str, Any]:
        """AWS does not say what becomes of a schedule whose definition is gone; here it must go first."""
        name = call.input[_NAME]
        definition_arn = self._arn(kind, name)
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", definition_arn)
        self.get(kind, name)
        users = self._users(kind, name)
        if users:
            raise invalid(
                f"Cannot delete the Monitoring Job Definition {definition_arn}: the monitoring schedule {users[0]} "
                "uses it. Delete the schedule, or give it another definition, first."
            )
        with self._lock:
            self._held.pop(definition_arn, None)
        self._tags.forget(definition_arn)
        return {}

    def _arn(self, kind: Kind, name: str) -> str:
        return arn(self._cloud, kind.resource, name)


def _summary(kind: Kind, definition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "MonitoringJobDefinitionName": definition[_NAME],
        "MonitoringJobDefinitionArn": definition[_ARN],
        "CreationTime": definition["CreationTime"],
        "LastModifiedTime": definition["CreationTime"],
        "EndpointName": kind.endpoint_input(definition)["EndpointName"],
    }
