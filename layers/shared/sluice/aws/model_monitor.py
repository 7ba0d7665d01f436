"""SageMaker Model Monitor: job definitions and monitoring schedules. Each call may be repeated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sluice.errors import TransientError
from sluice.monitoring.refusals import is_refusal
from sluice.monitoring.window import hour_of
from sluice.monitoring.wishes import Monitor
from sluice.naming import MONITOR_KINDS, model_of_job_definition, model_of_schedule, monitoring_schedule_name

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_OPERATIONS = {"data-quality": "data_quality_job_definition", "model-quality": "model_quality_job_definition"}


class RefusedError(Exception):
    """Model Monitor is not for this account or endpoint: it would be refused again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class ModelMonitor:
    client: "SageMakerClient"
    stage: str

    def ensure(self, monitor: Monitor) -> None:
        """Bring the schedule to run the version's job definition, which is made first.

        One that does so already is left alone: each change makes it Pending, and none that is Pending can be removed.
        Raises RefusedError, and TransientError while SageMaker is still at an earlier change of it.
        """
        try:
            self._create_definition(monitor)
            found = self._schedule(monitor.name)
            if _is_as_wished(found, monitor):
                return
            if found.get("EndpointName", monitor.endpoint_name) != monitor.endpoint_name:
                self._delete_schedule(monitor.name)
            self._put_schedule(monitor)
        except ClientError as error:
            raise _sorted(error) from error

    def delete_old_definitions(self, model: str, kind: str, but: str) -> None:
        """Those of the model's other versions. They can go once no schedule runs them."""
        for name in self._definitions(kind, monitoring_schedule_name(self.stage, model, kind)):
            if name != but and model_of_job_definition(self.stage, name) == model:
                self._delete_definition(kind, name)

    def remove(self, model: str) -> bool:
        """All of the model's schedules, then what they ran. False where there was no schedule."""
        there = [self._delete_schedule(monitoring_schedule_name(self.stage, model, kind)) for kind in MONITOR_KINDS]
        for kind in MONITOR_KINDS:
            self.delete_old_definitions(model, kind, but="")
        return any(there)

    def detach(self, endpoint_name: str) -> None:
        """An endpoint that a schedule is attached to cannot be deleted."""
        for page in self.client.get_paginator("list_monitoring_schedules").paginate(EndpointName=endpoint_name):
            for found in page["MonitoringScheduleSummaries"]:
                self._delete_schedule(found["MonitoringScheduleName"])

    def fired_at(self, model: str, kind: str, hour: datetime) -> datetime:
        """When the schedule fired whose report lies under that hour: its window ends there.

        On AWS that is the hour itself; the local cloud's schedules, whose time runs faster, fire within the hour too.
        """
        found = self._schedule(monitoring_schedule_name(self.stage, model, kind))
        at = found.get("LastMonitoringExecutionSummary", {}).get("ScheduledTime")
        return at.astimezone(UTC) if at and hour_of(at) == hour else hour

    def models(self) -> set[str]:
        """That have schedules."""
        found: set[str] = set()
        pages = self.client.get_paginator("list_monitoring_schedules").paginate(NameContains=f"sluice-{self.stage}-")
        for page in pages:
            names = (one["MonitoringScheduleName"] for one in page["MonitoringScheduleSummaries"])
            found |= {model for name in names if (model := model_of_schedule(self.stage, name))}
        return found

    def _create_definition(self, monitor: Monitor) -> None:
        """A version's never changes: one that is there already is the same."""
        try:
            getattr(self.client, f"create_{_OPERATIONS[monitor.kind]}")(**monitor.definition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUse":
                raise

    def _put_schedule(self, monitor: Monitor) -> None:
        request: Any = monitor.schedule
        try:
            self.client.create_monitoring_schedule(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUse":
                raise
            self.client.update_monitoring_schedule(
                MonitoringScheduleName=monitor.name, MonitoringScheduleConfig=request["MonitoringScheduleConfig"]
            )

    def _schedule(self, name: str) -> Mapping[str, Any]:
        """As it is described; empty where there is none."""
        try:
            return self.client.describe_monitoring_schedule(MonitoringScheduleName=name)
        except ClientError as error:
            if _is_gone(error):
                return {}
            raise

    def _delete_schedule(self, name: str) -> bool:
        """Raises TransientError while it is still being made: SageMaker deletes none that is Pending."""
        try:
            self.client.delete_monitoring_schedule(MonitoringScheduleName=name)
        except ClientError as error:
            if _is_gone(error):
                return False
            if "Pending" in error.response["Error"]["Message"]:
                raise TransientError(f"monitoring schedule {name} cannot be deleted yet: {error}") from error
            raise
        return True

    def _delete_definition(self, kind: str, name: str) -> None:
        """One that a schedule still runs, because its deletion takes a moment, goes the next time."""
        try:
            getattr(self.client, f"delete_{_OPERATIONS[kind]}")(JobDefinitionName=name)
        except ClientError as error:
            if not _is_gone(error) and error.response["Error"]["Code"] not in ("ResourceInUse", "ValidationException"):
                raise

    def _definitions(self, kind: str, part: str) -> Iterator[str]:
        listing: Any = f"list_{_OPERATIONS[kind]}s"
        for page in self.client.get_paginator(listing).paginate(NameContains=part):
            yield from (one["MonitoringJobDefinitionName"] for one in page["JobDefinitionSummaries"])


def _is_as_wished(found: Mapping[str, Any], monitor: Monitor) -> bool:
    """A job definition's name says its version, so the same name is the same wish."""
    there, wanted = found.get("MonitoringScheduleConfig", {}), monitor.schedule["MonitoringScheduleConfig"]
    return (
        found.get("MonitoringScheduleStatus") in ("Pending", "Scheduled")
        and found.get("EndpointName") == monitor.endpoint_name
        and there.get("MonitoringJobDefinitionName") == wanted["MonitoringJobDefinitionName"]
        and there.get("ScheduleConfig", {}).get("ScheduleExpression") == wanted["ScheduleConfig"]["ScheduleExpression"]
    )


def _sorted(error: ClientError) -> Exception:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if "Pending" in message or code in ("ResourceInUse", "ConflictException"):
        return TransientError(f"Model Monitor is at an earlier change still: {message}")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    return RefusedError(code, message) if is_refusal(status, code, message) else error


def _is_gone(error: ClientError) -> bool:
    told = error.response["Error"]
    return told["Code"] == "ResourceNotFound" or "Could not find" in told["Message"] or "not found" in told["Message"]
