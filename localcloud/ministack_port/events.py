"""EventBridge: emitting events of AWS services, and taking over the delivery to a rule's targets."""

import contextvars
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import eventbridge, lambda_svc, sns, sqs

from localcloud.delivery import Delivery, DeliveryFailed, RetryPolicy

_NO_RETRY_LIMIT = 185
_DAY = 86400

# What is being delivered while MiniStack renders a target's payload; its own dispatchers then hand it to us.
_current: contextvars.ContextVar[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = contextvars.ContextVar(
    "localcloud_event_target"
)


def put_event(source: str, detail_type: str, detail: Mapping[str, object], resources: Sequence[str]) -> None:
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": list(resources),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def install_delivery(submit: Callable[[Delivery], None]) -> None:
    """From now on every match of a rule becomes a `Delivery` per target.

    MiniStack's own rendering of the payload (Input, InputPath, InputTransformer) stays; only the last step, which calls
    the target once and forgets failures, is replaced.
    """
    render = eventbridge._invoke_target

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        token = _current.set((target, rule, event))
        try:
            render(target, event, rule, view)
        finally:
            _current.reset(token)

    def handed_over(arn: object, payload: str, *_rest: object) -> None:
        target, rule, event = _current.get()
        submit(_delivery(str(arn), payload, target, rule, event))

    eventbridge._invoke_target = invoke_target
    for name in ("_dispatch_to_lambda", "_dispatch_to_sqs", "_dispatch_to_sns", "_dispatch_to_stepfunctions"):
        setattr(eventbridge, name, handed_over)


def invoke_function(arn: str, payload: str) -> None:
    """Hand the event to Lambda's asynchronous queue; raises DeliveryFailed when there is no such function."""
    function, config, _name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        raise DeliveryFailed("NO_RESOURCE", f"Lambda function {arn} does not exist", retriable=False)
    try:
        event = json.loads(payload)
    except ValueError as exc:
        raise DeliveryFailed("INVALID_JSON", "The target's input is not JSON", retriable=False) from exc
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)


_send_to_queue = eventbridge._dispatch_to_sqs


def send_to_queue(arn: str, payload: str, parameters: Mapping[str, Any]) -> None:
    if sqs._queue_by_arn(arn) is None:
        raise DeliveryFailed("NO_RESOURCE", f"Queue {arn} does not exist", retriable=False)
    _send_to_queue(parse_arn(arn), payload, dict(parameters))


def publish(arn: str, payload: str) -> None:
    if sns.publish_internal(arn, payload) is None:
        raise DeliveryFailed("NO_RESOURCE", f"Topic {arn} does not exist", retriable=False)


def _delivery(
    arn: str, payload: str, target: Mapping[str, Any], rule: Mapping[str, Any], event: Mapping[str, Any]
) -> Delivery:
    policy = target.get("RetryPolicy") or {}
    return Delivery(
        rule_arn=rule["Arn"],
        target_arn=target["Arn"],
        payload=payload,
        event_id=event.get("EventId", ""),
        role_arn=target.get("RoleArn") or rule.get("RoleArn") or "",
        retry=RetryPolicy(
            maximum_attempts=int(policy.get("MaximumRetryAttempts", _NO_RETRY_LIMIT)),
            maximum_age_seconds=int(policy.get("MaximumEventAgeInSeconds", _DAY)),
        ),
        dead_letter_arn=(target.get("DeadLetterConfig") or {}).get("Arn", ""),
        parameters=target.get("SqsParameters") or {},
    )
