"""Event source mappings of queues: batching windows, batches of more than ten, and waits by the local cloud's scale.

MiniStack hands a function at most ten messages, at once, and those that it failed on again after the queue's own
visibility timeout. Lambda waits until a batch is full or its window is over. Source: Lambda Developer Guide, "Using
Lambda with Amazon SQS".
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import lambda_svc, sqs

from localcloud.errors import ApiError

# (role ARN, action, queue ARN) → whether Lambda, as the role, may do it.
RoleMay = Callable[[str, str, str], bool]

_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
LARGEST_PAYLOAD = 6 * 1024 * 1024
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
            attributes = queue["attributes"]
            window = _window(str(attributes.get("QueueArn", ""))) * time_scale
            visible = [message for message in queue["messages"] if _is_visible(message)]
            count = due(visible, max_number, window, time.time())
            return list(sqs._collect_msgs(queue, count, _visibility_timeout(queue))) if count else []

    sqs._receive_messages_for_esm = receive


def due(visible: Sequence[Mapping[str, Any]], max_number: int, window: float, now: float) -> int:
    """How many of the messages that can be had make a batch now: a full one, or all when the window is over.

    The window begins with the first of them.
    """
    count = size = 0
    for message in visible[:max_number]:
        size += len(message["body"])
        if count and size > LARGEST_PAYLOAD:
            return count
        count += 1
    if count == 0 or count == max_number:
        return count
    first = min(max(message["sent_at"], message["visible_at"]) for message in visible)
    return count if now - first >= window else 0


def _is_visible(message: dict[str, Any]) -> bool:
    sqs._ensure_msg_fields(message)
    return bool(message["visible_at"] <= time.time())


def _visibility_timeout(queue: Mapping[str, Any]) -> int:
    return int(queue["attributes"].get("VisibilityTimeout", "30"))


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
                queue = sqs._queues.get(queue_url)  # it may be deleted by now
                for message in queue["messages"] if queue else ():
                    if message.get("receipt_handle") in handles:
                        message["visible_at"] = time.time() + _visibility_timeout(queue) * time_scale
            esm_wake.set()

    lambda_svc._run_sqs_batch = run_batch
