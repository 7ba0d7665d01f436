"""The API of monitoring schedules."""

import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.jobs.checks import invalid, not_implemented
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.monitoring.checks import capture_of, require_open
from localcloud.sagemaker.monitoring.definitions import FindEndpoint, JobDefinitions
from localcloud.sagemaker.monitoring.execution import Abandonment, ExecutionRunner, ProcessingJobs
from localcloud.sagemaker.monitoring.executions import Executions, matches
from localcloud.sagemaker.monitoring.expression import Expression, Firing
from localcloud.sagemaker.monitoring.kinds import HOUR, KINDS, Kind
from localcloud.sagemaker.monitoring.requests import Execution
from localcloud.sagemaker.monitoring.schedule import Plan, Schedule
from localcloud.sagemaker.monitoring.window import Offsets, require_offsets
from localcloud.sagemaker.tags import TagStore

_NAME: Final = "MonitoringScheduleName"
_JOIN_SECONDS: Final = 5.0
_SUMMARY: Final = (
    _NAME, "MonitoringScheduleArn", "CreationTime", "LastModifiedTime", "MonitoringScheduleStatus", "EndpointName",
    "MonitoringJobDefinitionName", "MonitoringType",
)  # fmt: skip
_FILTERS: Final = {
    "EndpointName": "EndpointName",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}
_NO_ANALYZER: Final = (
    "The local cloud was started without a program that stands in for the analyzer's image: start it with "
    "--analyzer and a folder that holds monitor.py"
)


class MonitoringSchedules:
    """`runner` is None when nothing stands in for the analyzer."""

    def __init__(
        self,
        cloud: Cloud,
        tags: TagStore,
        endpoint: FindEndpoint,
        jobs: ProcessingJobs,
        executions: Executions,
        runner: ExecutionRunner | None,
    ) -> None:
        self._cloud = cloud
        self._tags = tags
        self._endpoint = endpoint
        self._jobs = jobs
        self._executions = executions
        self._runner = runner
        self._lock = threading.RLock()
        self._schedules: dict[str, Schedule] = {}
        self.definitions = JobDefinitions(cloud, tags, endpoint, self.users_of)

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateMonitoringSchedule": self._create,
            "UpdateMonitoringSchedule": self._update,
            "DescribeMonitoringSchedule": self._describe,
            "ListMonitoringSchedules": self._list,
            "StartMonitoringSchedule": self._start,
            "StopMonitoringSchedule": self._stop,
            "DeleteMonitoringSchedule": self._delete,
        }

    def users_of(self, kind: Kind, definition: str) -> list[str]:
        """The schedules that fire with that definition."""
        return [one.name for one in self._live() if (one.plan.kind, one.plan.definition) == (kind, definition)]

    def require_unmonitored(self, endpoint: str) -> None:
        """ValidationException while a schedule monitors the endpoint: such an endpoint cannot be deleted."""
        names = [one.name for one in self._all() if one.plan.endpoint.lower() == endpoint.lower()]
        if names:
            raise invalid(
                f'Cannot delete endpoint "{self._endpoint(endpoint).arn}": the monitoring schedule {names[0]} is '
                "attached to it. Delete the schedule first."
            )

    def close(self) -> None:
        schedules = self._all()
        for one in schedules:
            one.close()
        for one in schedules:
            one.join(_JOIN_SECONDS)

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        name, schedule_arn = request[_NAME], self._arn(request[_NAME])
        self._cloud.authorize(call.caller, "sagemaker:CreateMonitoringSchedule", schedule_arn)
        self._tags.authorize(call.caller, schedule_arn, request.get("Tags", ()))
        plan = self._plan(request["MonitoringScheduleConfig"], call.operation)
        with self._lock:
            if schedule_arn in self._schedules:
                raise ApiError("ResourceInUse", f"Monitoring Schedule {schedule_arn} already exists")
            schedule = Schedule(name, schedule_arn, plan, self._cloud.time_scale, self._execute)
            self._schedules[schedule_arn] = schedule
        self._tags.register(schedule_arn, request.get("Tags", ()))
        schedule.begin()
        return {"MonitoringScheduleArn": schedule_arn}

    def _update(self, call: Call) -> dict[str, Any]:
        schedule = self._authorized(call)
        plan = self._plan(call.input["MonitoringScheduleConfig"], call.operation)
        schedule.begin(plan, running=schedule.describe()["MonitoringScheduleStatus"] != "Stopped")
        return {"MonitoringScheduleArn": schedule.arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        schedule = self._authorized(call)
        described = schedule.describe()
        del described["MonitoringJobDefinitionName"]
        number = schedule.last_execution
        last = {} if number is None else {"LastMonitoringExecutionSummary": self._executions.summary(number)}
        return described | last

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListMonitoringSchedules", "*")
        request = {"SortOrder": "Descending", **call.input}
        wanted = [one for one in (held.describe() for held in self._all()) if matches(one, request, _FILTERS)]
        shown, token = page(select(wanted, request, _NAME, "MonitoringScheduleStatus"), request)
        summaries = [{member: one[member] for member in _SUMMARY} for one in shown]
        return {"MonitoringScheduleSummaries": summaries, "NextToken": token}

    def _start(self, call: Call) -> dict[str, Any]:
        """A schedule of `NOW` that has run does not run again."""
        self._authorized(call).begin(fires_once=False)
        return {}

    def _stop(self, call: Call) -> dict[str, Any]:
        """The execution under way goes on."""
        self._authorized(call).begin(running=False)
        return {}

    def _delete(self, call: Call) -> dict[str, Any]:
        schedule = self._authorized(call)
        schedule.delete(then=lambda: self._forget(schedule.arn))
        return {}

    def _forget(self, schedule_arn: str) -> None:
        with self._lock:
            self._schedules.pop(schedule_arn, None)
        self._tags.forget(schedule_arn)

    def _authorized(self, call: Call) -> Schedule:
        schedule_arn = self._arn(call.input[_NAME])
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", schedule_arn)
        schedule = self._schedules.get(schedule_arn)
        if schedule is None:
            raise ApiError("ResourceNotFound", f"Monitoring Schedule {schedule_arn} not found")
        return schedule

    def _plan(self, config: Mapping[str, Any], operation: str) -> Plan:
        if self._runner is None:
            raise invalid(_NO_ANALYZER)
        kind, name = _named(config)
        definition = self.definitions.get(kind, name)
        source = kind.endpoint_input(definition)
        endpoint = self._endpoint(source["EndpointName"])
        require_open(self._tags.of(endpoint.arn), operation)
        capture_of(endpoint)
        schedule = config.get("ScheduleConfig", {})
        expression = _expression(schedule)
        if expression.once:
            require_offsets(schedule)
        Offsets.of(schedule, source)
        _require_time(kind, definition, expression)
        return Plan(config, kind, name, endpoint.name, expression)

    def _execute(self, schedule: Schedule, plan: Plan, firing: Firing) -> None:
        if self._runner is None:
            raise invalid(_NO_ANALYZER)
        definition = self.definitions.get(plan.kind, plan.definition)
        offsets = Offsets.of(plan.config.get("ScheduleConfig", {}), plan.kind.endpoint_input(definition))
        one = Execution(
            kind=plan.kind,
            definition=definition,
            schedule=schedule.name,
            scheduled=firing.at,
            window=offsets.window(firing),
            metric_time=firing.before,
            token=secrets.token_hex(12),
        )
        abandonment = Abandonment(self._jobs)
        number = self._executions.begin(one)
        schedule.take(number, abandonment)
        self._runner.run(one, number, abandonment)

    def _live(self) -> list[Schedule]:
        return [one for one in self._all() if not one.deleted]

    def _all(self) -> list[Schedule]:
        with self._lock:
            return list(self._schedules.values())

    def _arn(self, name: str) -> str:
        return arn(self._cloud, "monitoring-schedule", name)


def _named(config: Mapping[str, Any]) -> tuple[Kind, str]:
    if config.get("MonitoringJobDefinition"):
        raise not_implemented("MonitoringScheduleConfig.MonitoringJobDefinition", "create a job definition and name it")
    name, title = config.get("MonitoringJobDefinitionName"), config.get("MonitoringType")
    if not name or not title:
        raise invalid("MonitoringScheduleConfig: MonitoringJobDefinitionName and MonitoringType are required")
    if title not in KINDS:
        raise not_implemented(f"MonitoringType {title}", f"use {' or '.join(KINDS)}")
    return KINDS[title], name


def _expression(schedule: Mapping[str, Any]) -> Expression:
    """Without one, SageMaker picks a time of the day."""
    text = schedule.get("ScheduleExpression")
    return Expression.parse(text) if text else Expression.daily(datetime.now(UTC).hour)


def _require_time(kind: Kind, definition: Mapping[str, Any], expression: Expression) -> None:
    seconds = kind.max_seconds(definition)
    if expression.hourly and seconds > kind.longest_hourly:
        raise invalid(
            f"StoppingCondition.MaxRuntimeInSeconds of the job definition is {seconds}; of an hourly schedule for "
            f"{kind.title} it can be up to {kind.longest_hourly} of the {HOUR} seconds"
        )
