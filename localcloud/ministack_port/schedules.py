"""EventBridge Scheduler: what MiniStack stores as schedules, fired by Scheduler's rules and under their roles.

MiniStack takes any expression, knows no time zones and no roles, and calls a target as a rule of EventBridge would.
Sources: EventBridge Scheduler User Guide, "Schedule types", "Adding context attributes", "Configuring a schedule's
dead-letter queue". Schedules fire by the wall clock: the time scale shortens their retries alone.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ministack.core.responses import request_scope
from ministack.services import scheduler
from ministack.services.cloudformation import provisioners

from localcloud.delivery import Delivery, RetryPolicy
from localcloud.errors import ApiError
from localcloud.ministack_port import identity
from localcloud.ministack_port.schedule_times import Times

PRINCIPAL: Final = "scheduler.amazonaws.com"
TYPE: Final = "AWS::Scheduler::Schedule"

_LOOK_EVERY_SECONDS: Final = 1
_TARGETS: Final = ("lambda", "sqs", "sns", "states")
_MEMBERS: Final = (
    "ActionAfterCompletion", "Description", "EndDate", "FlexibleTimeWindow", "GroupName", "KmsKeyArn",
    "ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "State", "Target",
)  # fmt: skip

# Raises ApiError when Scheduler cannot assume the role.
CheckRole = Callable[[str], None]
Key = tuple[str, str, str]
"""Account, region, and `group/name`."""


def install(submit: Callable[[Delivery], None], check_role: CheckRole) -> None:
    def check(schedule: Mapping[str, Any]) -> None:
        _check(schedule, check_role)

    scheduler.handle_request = _checked_api(scheduler.handle_request, check)
    scheduler._tick_schedules = Ticker(submit).tick
    scheduler._SCHEDULE_TICK_INTERVAL = _LOOK_EVERY_SECONDS
    _provision(check)


class Ticker:
    """Fires what is due, once for each time however late it looks."""

    def __init__(self, submit: Callable[[Delivery], None], clock: Callable[[], datetime] | None = None) -> None:
        self._submit = submit
        self._clock = clock or (lambda: datetime.now(UTC))
        self._plans: dict[Key, tuple[Times, datetime | None]] = {}

    def tick(self) -> None:
        schedules = dict(scheduler._schedules._data)
        self._plans = {key: plan for key, plan in self._plans.items() if key in schedules}
        for key, schedule in schedules.items():
            self._look(key, schedule)

    def _look(self, key: Key, schedule: dict[str, Any]) -> None:
        now = self._clock()
        times = Times.of(schedule)
        known = self._plans.get(key)
        if known is None or known[0] != times:
            since = now if known and known[0].created == times.created else times.created
            known = (times, times.next(since))
        planned = known[1]
        if planned is not None and planned <= now:
            if schedule.get("State", "ENABLED") == "ENABLED":
                self._fire(key, schedule, planned)
            known = (times, times.following(now))
        self._plans[key] = known
        if known[1] is None and schedule.get("ActionAfterCompletion") == "DELETE":
            scheduler._schedules._data.pop(key, None)

    def _fire(self, key: Key, schedule: Mapping[str, Any], planned: datetime) -> None:
        account, region, _ = key
        with request_scope(account, region):
            self._submit(delivery(schedule, planned, account, region))


def delivery(schedule: Mapping[str, Any], planned: datetime, account: str, region: str) -> Delivery:
    """What is left to each attempt is its number."""
    target = schedule["Target"]
    policy = target.get("RetryPolicy") or {}
    default = RetryPolicy()
    execution, time = secrets.token_hex(8), f"{planned.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    payload = target.get("Input") or _default_event(schedule["Arn"], execution, time, account, region)
    told = {"schedule-arn": schedule["Arn"], "scheduled-time": time, "execution-id": execution}
    for name, value in told.items():
        payload = payload.replace(f"<aws.scheduler.{name}>", value)
    return Delivery(
        rule_arn=schedule["Arn"],
        target_arn=target["Arn"],
        payload=payload,
        event_id=execution,
        role_arn=target["RoleArn"],
        retry=RetryPolicy(
            int(policy.get("MaximumRetryAttempts", default.maximum_attempts)),
            int(policy.get("MaximumEventAgeInSeconds", default.maximum_age_seconds)),
        ),
        dead_letter_arn=(target.get("DeadLetterConfig") or {}).get("Arn", ""),
        parameters={**(target.get("SqsParameters") or {}), "ScheduledTime": time},
    )


def _default_event(arn: str, execution: str, time: str, account: str, region: str) -> str:
    return json.dumps(
        {
            "version": "0",
            "id": execution,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": account,
            "time": time,
            "region": region,
            "resources": [arn],
            "detail": "{}",
        }
    )


def _check(schedule: Mapping[str, Any], check_role: CheckRole) -> None:
    """What Scheduler refuses, and what the local cloud cannot do; members that are missing are MiniStack's to name."""
    if "ScheduleExpression" in schedule:
        Times.of({"CreationDate": 0, **schedule})
    window = schedule.get("FlexibleTimeWindow") or {}
    if window.get("Mode") == "FLEXIBLE" and "MaximumWindowInMinutes" not in window:
        raise ApiError("ValidationException", "FlexibleTimeWindow.MaximumWindowInMinutes is required for FLEXIBLE")
    target = schedule.get("Target") or {}
    arn = str(target.get("Arn", ""))
    parts = arn.split(":")
    if arn and (len(parts) < 6 or parts[2] not in _TARGETS):
        raise ApiError(
            "ValidationException",
            f"Target.Arn is {arn}; the local cloud's schedules have targets of {', '.join(_TARGETS)} only",
        )
    if target.get("RoleArn"):
        check_role(target["RoleArn"])


def _checked_api(handle: Callable[..., Any], check: Callable[[Mapping[str, Any]], None]) -> Callable[..., Any]:
    async def checked(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        if path.startswith("/schedules/") and method in ("POST", "PUT"):
            try:
                document = _document(body)
                role = (document.get("Target") or {}).get("RoleArn")
                if role:
                    identity.authorize(headers, "iam:PassRole", role, {"iam:PassedToService": PRINCIPAL})
                check(document)
            except ApiError as error:
                return scheduler._error(error.status, error.code, error.message)
        return await handle(method, path, headers, body, query)

    return checked


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError as exc:
        raise ApiError("ValidationException", f"The request's body is not JSON: {exc}") from exc
    return document if isinstance(document, dict) else {}


def _provision(check: Callable[[Mapping[str, Any]], None]) -> None:
    """MiniStack's provisioner drops half of the members, and takes a refusal for a success."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    delete = handlers["delete"]

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name = properties.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        return _put(scheduler._create_schedule, name, properties, check)

    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *_rest: Any, **_named: Any) -> Any:
        place = (new.get("Name") or physical_id, new.get("GroupName", "default"))
        if place == (physical_id, old.get("GroupName", "default")):
            return _put(scheduler._update_schedule, physical_id, new, check)
        made = _put(scheduler._create_schedule, place[0], new, check)
        delete(physical_id, old)
        return made

    handlers["create"], handlers["update"] = create, update


def _put(
    operation: Callable[[str, Mapping[str, Any]], Any],
    name: str,
    properties: Mapping[str, Any],
    check: Callable[[Mapping[str, Any]], None],
) -> Any:
    check(properties)
    status, _, answer = operation(name, {member: properties[member] for member in _MEMBERS if member in properties})
    document = json.loads(answer)
    if status >= 400:
        raise ApiError(document["__type"], document["Message"], status)
    return name, {"Arn": document["ScheduleArn"]}
