"""Event source mappings of queues: batching windows, batches of more than ten, and waits by the local cloud's scale.

MiniStack hands a function at most ten messages, at once, and those that it failed on again after the queue's own
visibility timeout. Lambda waits until a batch is full or its window is over. Source: Lambda Developer Guide, "Using
Lambda with Amazon SQS".
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import lambda_svc, sqs

from localcloud.errors import ApiError

# (role ARN, action, queue ARN) → whether Lambda, as the role, may do it.
RoleMay = Callable[[str, str, str], bool]

_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_LARGEST_PAYLOAD = 6 * 1024 * 1024
"""Of an invocation; a batch ends before it."""


def install(time_scale: float) -> None:
    _gather_batches(time_scale)
    _scale_second_tries(time_scale)


def check_role(properties: Mapping[str, Any], role_may: RoleMay) -> None:
    """Raises ApiError in Lambda's words when the function's role may not take messages from the queue."""
    queue_arn = str(properties.get("EventSourceArn", ""))
    if ":sqs:" not in queue_arn:
        return
    function, config, _name = lambda_svc._get_func_record_for_ref(str(properties.get("FunctionName", "")))
    if not function:
        return
    for action in _ACTIONS:
        if not role_may(config.get("Role", ""), action, queue_arn):
            called = action.partition(":")[2]
            message = f"The provided execution role does not have permissions to call {called} on SQS"
            raise ApiError("InvalidParameterValueException", message)


def _gather_batches(time_scale: float) -> None:
    def receive(queue_url: str, max_number: int) -> list[dict[str, Any]]:
        with sqs._queues_lock:
            queue = sqs._get_q(queue_url)
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)
            waiting = _fitting([message for message in queue["messages"] if _is_visible(message)], max_number)
            if not waiting or (len(waiting) < max_number and not _window_over(queue, waiting, time_scale)):
                return []
            timeout = int(queue["attributes"].get("VisibilityTimeout", "30"))
            return list(sqs._collect_msgs(queue, len(waiting), timeout))

    sqs._receive_messages_for_esm = receive


def _is_visible(message: dict[str, Any]) -> bool:
    sqs._ensure_msg_fields(message)
    return bool(message["visible_at"] <= time.time())


def _fitting(messages: list[dict[str, Any]], max_number: int) -> list[dict[str, Any]]:
    size = 0
    fitting: list[dict[str, Any]] = []
    for message in messages[:max_number]:
        size += len(message["body"])
        if fitting and size > _LARGEST_PAYLOAD:
            break
        fitting.append(message)
    return fitting


def _window_over(queue: Mapping[str, Any], waiting: list[dict[str, Any]], time_scale: float) -> bool:
    """It begins with the first message that can be had."""
    window = _window(str(queue["attributes"].get("QueueArn", ""))) * time_scale
    first = min(max(message["sent_at"], message["visible_at"]) for message in waiting)
    return bool(time.time() - first >= window)


def _window(queue_arn: str) -> float:
    windows = [
        float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        for _account, _region, mapping in lambda_svc._iter_all_esms()
        if mapping.get("EventSourceArn") == queue_arn
    ]
    return min(windows, default=0.0)


def _scale_second_tries(time_scale: float) -> None:
    """The visibility timeout leaves a function its time; what it has given back waits by the local cloud's scale."""
    run = lambda_svc._run_sqs_batch

    def run_batch(
        mapping: Any, function: Any, event: Any, batch: list[dict[str, Any]], queue_url: str, queue_name: str
    ) -> None:
        handles = {message["receipt_handle"] for message in batch}
        try:
            run(mapping, function, event, batch, queue_url, queue_name)
        finally:
            with sqs._queues_lock:
                queue = sqs._get_q(queue_url)
                timeout = int(queue["attributes"].get("VisibilityTimeout", "30"))
                for message in queue["messages"]:
                    if message.get("receipt_handle") in handles:
                        message["visible_at"] = time.time() + timeout * time_scale
            esm_wake.set()

    lambda_svc._run_sqs_batch = run_batch
