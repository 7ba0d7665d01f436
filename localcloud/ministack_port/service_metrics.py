"""Metrics that AWS's services report and MiniStack's do not: Step Functions' executions, queues' messages."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

from ministack.services import cloudwatch, sqs
from ministack.services import stepfunctions as sfn

Scope = Callable[[], AbstractContextManager[None]]

_EXECUTIONS: Final = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
_ACTIVE_SECONDS: Final = 6 * 3600.0
"""In AWS's seconds: for how long SQS goes on to report a queue that holds nothing any more."""


def install_execution_metrics() -> None:
    emit = sfn._emit_execution_status_event

    def counted(execution: dict[str, Any]) -> None:
        machine = {"StateMachineArn": execution["stateMachineArn"]}
        cloudwatch.record_metric("AWS/States", _EXECUTIONS[execution["status"]], 1, "Count", machine)
        emit(execution)

    sfn._emit_execution_status_event = counted


class QueueMetrics:
    """`measure` once a minute, by the cloud's clock."""

    def __init__(self, scope: Scope, time_scale: float) -> None:
        self._scope = scope
        self._active_seconds = _ACTIVE_SECONDS * time_scale
        self._active: dict[str, float] = {}

    def measure(self) -> None:
        now = time.time()
        with self._scope():
            for queue in sqs._queues.values():
                visible = sum(message["visible_at"] <= now for message in list(queue["messages"]))
                self._report(queue["attributes"]["QueueArn"].rpartition(":")[2], visible, now)

    def _report(self, name: str, visible: int, now: float) -> None:
        if visible:
            self._active[name] = now
        if now - self._active.get(name, 0.0) < self._active_seconds:
            queue = {"QueueName": name}
            cloudwatch.record_metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", visible, "Count", queue)
