"""EventBridge Scheduler, Model Monitor and processing jobs in memory, as far as watching production needs them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fakes.aws_clients import client_error


@dataclass
class FakeScheduler:
    """`refusal`: what CreateSchedule answers."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusal: Exception | None = None
    page: int = 2

    def create_schedule(self, **request: Any) -> None:
        if self.refusal:
            raise self.refusal
        if request["Name"] in self.schedules:
            raise client_error("ConflictException", "Schedule already exists.", "CreateSchedule")
        self.schedules[request["Name"]] = request

    def update_schedule(self, **request: Any) -> None:
        self._known(request["Name"])
        self.schedules[request["Name"]] = request

    def delete_schedule(self, Name: str, GroupName: str) -> None:
        self._known(Name)
        del self.schedules[Name]

    def list_schedules(self, GroupName: str, NextToken: str = "0") -> dict[str, Any]:
        names, start = sorted(self.schedules), int(NextToken)
        found = [{"Name": name, "GroupName": GroupName} for name in names[start : start + self.page]]
        more = {"NextToken": str(start + self.page)} if len(names) > start + self.page else {}
        return {"Schedules": found, **more}

    def _known(self, name: str) -> None:
        if name not in self.schedules:
            raise client_error("ResourceNotFoundException", f"Schedule {name} does not exist.", "Schedule")


@dataclass
class FakeProcessing:
    """`refusal`: what the next calls answer."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: int = 0
    refusal: BaseException | None = None

    def create_processing_job(self, **request: Any) -> None:
        self.asked += 1
        if self.refusal:
            raise self.refusal
        name = request["ProcessingJobName"]
        if name in self.jobs:
            raise client_error("ResourceInUse", f"Job name must be unique: {name}", "CreateProcessingJob")
        self.jobs[name] = request


@dataclass
class _Pages:
    pages: list[dict[str, Any]]

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        return self.pages


@dataclass
class FakeMonitors:
    """Model Monitor. `refusals`: what each operation answers; `pending`: schedules that are still being made, as each
    is after a change where it `takes_time`.

    A definition that a schedule runs cannot be deleted.
    """

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    takes_time: bool = False
    fired: dict[str, datetime] = field(default_factory=dict)
    """When each schedule did so last."""

    def create_data_quality_job_definition(self, **request: Any) -> None:
        self._define("create_data_quality_job_definition", request)

    def create_model_quality_job_definition(self, **request: Any) -> None:
        self._define("create_model_quality_job_definition", request)

    def delete_data_quality_job_definition(self, JobDefinitionName: str) -> None:
        self._undefine(JobDefinitionName)

    def delete_model_quality_job_definition(self, JobDefinitionName: str) -> None:
        self._undefine(JobDefinitionName)

    def create_monitoring_schedule(self, **request: Any) -> None:
        self._answer("create_monitoring_schedule")
        name = request["MonitoringScheduleName"]
        if name in self.schedules:
            raise client_error("ResourceInUse", f"Monitoring Schedule {name} already exists", "Create")
        self.schedules[name] = request
        self.pending |= {name} if self.takes_time else set()

    def update_monitoring_schedule(self, MonitoringScheduleName: str, MonitoringScheduleConfig: Any) -> None:
        if MonitoringScheduleName in self.pending:
            raise client_error("ValidationException", "Monitoring schedule in status Pending", "Update")
        self.schedules[MonitoringScheduleName]["MonitoringScheduleConfig"] = MonitoringScheduleConfig
        self.pending |= {MonitoringScheduleName} if self.takes_time else set()

    def describe_monitoring_schedule(self, MonitoringScheduleName: str) -> dict[str, Any]:
        self._known(MonitoringScheduleName)
        status = "Pending" if MonitoringScheduleName in self.pending else "Scheduled"
        fired = self.fired.get(MonitoringScheduleName)
        return {
            **({"LastMonitoringExecutionSummary": {"ScheduledTime": fired}} if fired else {}),
            "EndpointName": self.endpoint_of(MonitoringScheduleName),
            "MonitoringScheduleConfig": self.schedules[MonitoringScheduleName]["MonitoringScheduleConfig"],
            "MonitoringScheduleStatus": status,
        }

    def delete_monitoring_schedule(self, MonitoringScheduleName: str) -> None:
        self._known(MonitoringScheduleName)
        if MonitoringScheduleName in self.pending:
            raise client_error("ValidationException", "Monitoring schedule in status Pending", "Delete")
        del self.schedules[MonitoringScheduleName]

    def get_paginator(self, operation: str) -> _Pages:
        if operation == "list_monitoring_schedules":
            found = [{"MonitoringScheduleName": name} for name in sorted(self.schedules)]
            return _Pages([{"MonitoringScheduleSummaries": found}])
        kind = operation.removeprefix("list_").removesuffix("_job_definitions").replace("_", "-")
        names = [name for name in sorted(self.definitions) if f"-{kind}-v" in name]
        return _Pages([{"JobDefinitionSummaries": [{"MonitoringJobDefinitionName": name} for name in names]}])

    def definition_of(self, schedule: str) -> str:
        return str(self.schedules[schedule]["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"])

    def endpoint_of(self, schedule: str) -> str:
        request = self.definitions[self.definition_of(schedule)]
        given = request.get("DataQualityJobInput") or request["ModelQualityJobInput"]
        return str(given["EndpointInput"]["EndpointName"])

    def _define(self, operation: str, request: dict[str, Any]) -> None:
        self._answer(operation)
        name = request["JobDefinitionName"]
        if name in self.definitions:
            raise client_error("ResourceInUse", f"Monitoring Job Definition {name} already exists", "Create")
        self.definitions[name] = request

    def _undefine(self, name: str) -> None:
        if name in {self.definition_of(schedule) for schedule in self.schedules}:
            raise client_error("ResourceInUse", f"{name} is used by a schedule", "Delete")
        if name not in self.definitions:
            raise client_error("ResourceNotFound", f"Monitoring Job Definition {name} not found", "Delete")
        del self.definitions[name]

    def _answer(self, operation: str) -> None:
        if operation in self.refusals:
            raise self.refusals[operation]

    def _known(self, name: str) -> None:
        if name not in self.schedules:
            raise client_error("ResourceNotFound", f"Monitoring Schedule {name} not found", "Schedule")
