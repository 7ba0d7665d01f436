"""What schedules have run: kept when a schedule is deleted, as on AWS."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.api import Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.monitoring.requests import Execution

_FILTERS = {
    "MonitoringScheduleName": "MonitoringScheduleName",
    "EndpointName": "EndpointName",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}


class Executions:
    """MonitoringExecutionSummaries. `begin` gives a number by which one is changed and read."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._held: list[dict[str, Any]] = []

    def operations(self) -> dict[str, Handler]:
        return {"ListMonitoringExecutions": self._list}

    def begin(self, one: Execution) -> int:
        now = datetime.now(UTC)
        summary = {
            "MonitoringScheduleName": one.schedule,
            "ScheduledTime": one.scheduled,
            "CreationTime": now,
            "LastModifiedTime": now,
            "MonitoringExecutionStatus": "Pending",
            "EndpointName": one.endpoint,
            "MonitoringJobDefinitionName": one.definition["JobDefinitionName"],
            "MonitoringType": one.kind.title,
        }
        with self._lock:
            self._held.append(summary)
            return len(self._held) - 1

    def change(self, number: int, status: str, **members: Any) -> None:
        with self._lock:
            self._held[number].update(members, MonitoringExecutionStatus=status, LastModifiedTime=datetime.now(UTC))

    def summary(self, number: int) -> dict[str, Any]:
        with self._lock:
            return dict(self._held[number])

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListMonitoringExecutions", "*")
        request = {"SortOrder": "Descending", **call.input}
        with self._lock:
            wanted = [dict(one) for one in self._held if matches(one, request, _FILTERS) and _due(one, request)]
        chosen = select(wanted, request, "MonitoringScheduleName", "MonitoringExecutionStatus")
        shown, token = page(chosen, request)
        return {"MonitoringExecutionSummaries": shown, "NextToken": token}


def matches(one: Mapping[str, Any], request: Mapping[str, Any], filters: Mapping[str, str]) -> bool:
    """`filters` are members of the request, each with the member that it is compared with."""
    return all(request[name] == one.get(member) for name, member in filters.items() if name in request)


def _due(one: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    at = one["ScheduledTime"]
    after, before = request.get("ScheduledTimeAfter"), request.get("ScheduledTimeBefore")
    return (after is None or at >= after) and (before is None or at <= before)
