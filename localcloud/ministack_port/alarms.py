"""CloudWatch alarms: MiniStack stores them; its evaluation, without dimensions and missing data, is replaced."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from localcloud.alarms.definition import Alarm, MetricStat, read_alarm
from localcloud.alarms.engine import Fired
from localcloud.alarms.events import Standing
from localcloud.alarms.judgement import Verdict, reason_data
from localcloud.alarms.series import Point
from localcloud.errors import ApiError
from localcloud.ministack_port import request_resources

Scope = Callable[[], AbstractContextManager[None]]
# (alarm as DescribeAlarms shows it, the state before, the state now)
Announce = Callable[[Mapping[str, Any], Standing, Standing], None]

SCALING_ACTION: Final = re.compile(r"arn:[^:]+:autoscaling:[^:]*:[^:]*:scalingPolicy:")
_OF_ONE_METRIC: Final = (
    "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Unit", "Period",
)  # fmt: skip
_LOW_SAMPLES: Final = "EvaluateLowSampleCountPercentile"
_UNCHECKED: Final = "Unchecked: Initial alarm creation"


class MiniStackAlarms:
    """The engine's book, and what autoscaling puts in it. `scope` opens the account and region of its stores.

    `announce` hears each change of state, `fire` each action of a scaling policy; neither may block.
    """

    def __init__(self, scope: Scope, announce: Announce, fire: Callable[[Fired], None]) -> None:
        self._scope = scope
        self._announce = announce
        self._fire = fire
        # Held while an alarm is put and while it changes: nobody sees a half-written one.
        self._lock = threading.RLock()
        self._standing: dict[str, Standing] = {}
        self._dispatch = cloudwatch._dispatch_alarm_actions
        self._values: tuple[float, ...] = ()

    def install(self) -> None:
        request_resources.install()
        cloudwatch._evaluate_alarm = lambda alarm: None
        cloudwatch._evaluate_all_alarms = lambda: None
        cloudwatch._evict_old_metrics = _evict_old_metrics
        cloudwatch._dispatch_alarm_actions = self._dispatched
        cloudwatch._put_metric_alarm = self._checked_put(cloudwatch._put_metric_alarm)
        provisioners._cw_metric_alarm_record = _stack_record(provisioners._cw_metric_alarm_record)
        cloudwatch.cloudformation_put_metric_alarm = self._checked_stack_put(cloudwatch.cloudformation_put_metric_alarm)

    def metric_alarms(self) -> list[Mapping[str, Any]]:
        with self._lock, self._scope():
            return [dict(alarm) for alarm in cloudwatch._alarms.values()]

    def points(self, metric: MetricStat, since: float) -> Iterator[Point]:
        with self._scope():
            held = cloudwatch._metrics.get(
                (metric.namespace, metric.name, cloudwatch._dims_key(dict(metric.dimensions)))
            )
        for one in list(held or ()):
            if one["Timestamp"] >= since and metric.unit in (None, one.get("Unit")):
                yield Point(one["Timestamp"], *cloudwatch._point_stats(one))

    def become(self, alarm: Alarm, verdict: Verdict) -> None:
        with self._lock, self._scope():
            stored = cloudwatch._alarms.get(alarm.name)
            if stored is None:
                return
            old, now = stored["StateValue"], time.time()
            told = reason_data(alarm, verdict, now)
            stored.update(
                StateValue=verdict.state,
                StateReason=verdict.reason,
                StateReasonData=json.dumps(told),
                StateUpdatedTimestamp=now,
                StateTransitionedTimestamp=now,
            )
            cloudwatch._record_history(alarm.name, old, verdict.state, verdict.reason, "MetricAlarm", told)
            self._values = _oldest_first(verdict)
            try:
                cloudwatch._dispatch_alarm_actions(stored, old, verdict.state, verdict.reason)
            finally:
                self._values = ()
            cloudwatch._evaluate_parent_alarms(stored)

    def stay_in_alarm(self, alarm: Alarm, verdict: Verdict) -> None:
        with self._lock, self._scope():
            stored = cloudwatch._alarms.get(alarm.name)
            if stored is not None and stored["StateValue"] == "ALARM":
                self._fire_all(stored, "ALARM", _oldest_first(verdict))

    def put(self, request: Mapping[str, Any]) -> str:
        """PutMetricAlarm on behalf of a service; the alarm's ARN."""
        name = request["AlarmName"]
        with self._lock, self._scope():
            status, _headers, body = cloudwatch._put_metric_alarm({}, dict(request), False, True)
            if status != 200:
                raise ApiError("ValidationException", json.loads(body)["message"])
            return str(cloudwatch._alarms[name]["AlarmArn"])

    def delete(self, names: Sequence[str]) -> None:
        with self._lock, self._scope():
            for name in names:
                cloudwatch.cloudformation_delete_metric_alarm(name)

    def in_alarm(self, name: str) -> bool:
        with self._lock, self._scope():
            return (cloudwatch._alarms.get(name) or {}).get("StateValue") == "ALARM"

    def with_action(self, action: str) -> list[tuple[str, str]]:
        """Name and ARN of every alarm that has the action."""
        return [
            (alarm["AlarmName"], alarm["AlarmArn"])
            for alarm in self.metric_alarms()
            if any(action in (alarm.get(member) or ()) for member in ("AlarmActions", "OKActions"))
        ]

    def _dispatched(self, alarm: dict[str, Any], old: str, new: str, reason: str) -> None:
        """Every change of state comes by here: ours, SetAlarmState's, a composite alarm's."""
        self._dispatch(alarm, old, new, reason)
        # MiniStack's SetAlarmState leaves the time in whole seconds.
        after = Standing(new, reason, time.time(), alarm.get("StateReasonData", ""))
        before = self._standing.get(alarm["AlarmArn"])
        if before is None or before.value != old:
            before = Standing(old, _UNCHECKED, float(alarm.get("AlarmConfigurationUpdatedTimestamp", after.timestamp)))
        self._standing[alarm["AlarmArn"]] = after
        self._announce(dict(alarm), before, after)
        self._fire_all(alarm, new, self._values)

    def _fire_all(self, alarm: Mapping[str, Any], state: str, values: tuple[float, ...]) -> None:
        members = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
        if not alarm.get("ActionsEnabled", True):
            return
        for action in alarm.get(members[state]) or ():
            if SCALING_ACTION.match(action):
                above = str(alarm.get("ComparisonOperator", "")).startswith("Greater")
                self._fire(Fired(alarm["AlarmName"], action, values, float(alarm.get("Threshold") or 0), above))

    def _checked_put(self, put: Callable[..., Any]) -> Callable[..., Any]:
        def checked(params: Any, document: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
            try:
                request = document if is_cbor or is_json else _from_query(params)
                read_alarm(request)
            except ApiError as error:
                return cloudwatch._error(error.code, error.message, 400, use_json=is_json, use_cbor=is_cbor)
            with self._lock:
                answer = put(params, document, is_cbor, is_json)
                if answer[0] == 200:
                    _complete(cloudwatch._alarms[request["AlarmName"]], request)
                return answer

        return checked

    def _checked_stack_put(self, put: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
        def checked(alarm: dict[str, Any]) -> None:
            try:
                read_alarm(alarm)
            except ApiError as error:
                raise ValueError(error.message) from error
            with self._lock:
                put(alarm)

        return checked


def _stack_record(record: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """An alarm of a template, with what MiniStack forgets of it."""

    def whole(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        alarm = record(name, properties)
        if properties.get(_LOW_SAMPLES):
            alarm[_LOW_SAMPLES] = properties[_LOW_SAMPLES]
        if alarm.get("ExtendedStatistic"):
            del alarm["Statistic"]
        return alarm

    return whole


def _evict_old_metrics() -> None:
    """MiniStack copies every list of points at each request, and loses what another thread adds meanwhile."""
    cutoff = time.time() - cloudwatch.TWO_WEEKS_SECONDS
    for key, points in cloudwatch._metrics.items():
        if not points or points[0]["Timestamp"] >= cutoff:
            continue
        if kept := [point for point in points if point["Timestamp"] >= cutoff]:
            cloudwatch._metrics[key] = kept
        else:
            del cloudwatch._metrics[key]


def _complete(stored: dict[str, Any], request: Mapping[str, Any]) -> None:
    """What MiniStack leaves out of what it stores, or makes up."""
    if request.get("Metrics"):
        for member in _OF_ONE_METRIC:
            stored.pop(member, None)
        stored["Metrics"] = list(request["Metrics"])
    if request.get("ExtendedStatistic"):
        stored.pop("Statistic", None)
    if request.get(_LOW_SAMPLES):
        stored[_LOW_SAMPLES] = request[_LOW_SAMPLES]
    stored["InsufficientDataActions"] = list(request.get("InsufficientDataActions") or ())


def _oldest_first(verdict: Verdict) -> tuple[float, ...]:
    return tuple(point.value for point in reversed(verdict.datapoints))


def _from_query(params: Mapping[str, Any]) -> dict[str, Any]:
    """`Metrics.member.1.MetricStat.Period=60` and its like as the document that the JSON protocols carry.

    ApiError for what is no such document.
    """
    root: dict[str, Any] = {}
    try:
        for name, value in params.items():
            node = root
            *path, last = name.split(".")
            for part in path:
                node = node.setdefault(part, {})
            node[last] = value[0] if isinstance(value, list) else value
        document: dict[str, Any] = _typed(_listed(root))
    except (ValueError, AttributeError, TypeError) as error:
        raise ApiError("MalformedInput", f"The request's parameters cannot be read: {error}") from error
    return document


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if set(node) == {"member"}:
        members = node["member"]
        return [_listed(members[at]) for at in sorted(members, key=int)]
    return {name: _listed(value) for name, value in node.items()}


def _typed(node: Any) -> Any:
    if isinstance(node, list):
        return [_typed(one) for one in node]
    if not isinstance(node, dict):
        return node
    typed: dict[str, Any] = {}
    for name, value in node.items():
        if name == "Period":
            typed[name] = int(value)
        elif name == "ReturnData":
            typed[name] = value == "true"
        else:
            typed[name] = _typed(value)
    return typed
