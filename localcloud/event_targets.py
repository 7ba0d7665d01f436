"""How EventBridge calls each kind of target, and what it must be allowed to for that."""

from collections.abc import Mapping
from uuid import uuid4

from localcloud.cloud import Cloud, Credentials
from localcloud.delivery import Delivery, DeliveryFailed
from localcloud.errors import ApiError
from localcloud.ministack_port import events, identity, states

PRINCIPAL = "events.amazonaws.com"

_POLICY_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}


class EventTargets:
    """`Targets` of this cloud: state machines under the target's role, the others by their own resource policy."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def deliver(self, delivery: Delivery) -> None:
        service = delivery.target_arn.split(":")[2]
        if service == "states":
            self._start_execution(delivery)
            return
        self._require_admission(delivery.target_arn, delivery.rule_arn)
        if service == "lambda":
            events.invoke_function(delivery.target_arn, delivery.payload)
        elif service == "sqs":
            events.send_to_queue(delivery.target_arn, delivery.payload, delivery.parameters)
        else:
            events.publish(delivery.target_arn, delivery.payload)

    def dead_letter(self, delivery: Delivery, attributes: Mapping[str, str]) -> None:
        self._require_admission(delivery.dead_letter_arn, delivery.rule_arn)
        send_dead_letter(self._cloud, delivery, attributes)

    def _require_admission(self, arn: str, rule_arn: str) -> None:
        service = arn.split(":")[2]
        action = _POLICY_ACTIONS[service]
        if not identity.resource_admits(PRINCIPAL, action, arn, rule_arn, self._cloud.account):
            reason = f"The resource policy of {arn} does not allow {PRINCIPAL} {action} for {rule_arn}"
            raise DeliveryFailed("NO_PERMISSIONS", reason, retriable=False)

    def _start_execution(self, delivery: Delivery) -> None:
        headers = identity.session_headers(self._session(delivery), self._cloud.region, "states")
        try:
            identity.authorize(headers, "states:StartExecution", delivery.target_arn)
            states.start_execution(delivery.target_arn, delivery.payload, f"{delivery.event_id}_{uuid4()}")
        except ApiError as error:
            raise _failure(error) from error

    def _session(self, delivery: Delivery) -> Credentials:
        try:
            return self._cloud.assume_role(delivery.role_arn, "AWSEvents", PRINCIPAL)
        except ApiError as error:
            raise DeliveryFailed("NO_PERMISSIONS", error.message, retriable=False) from error


def send_dead_letter(cloud: Cloud, delivery: Delivery, attributes: Mapping[str, str]) -> None:
    """For a caller that has checked who may. Raises DeliveryFailed when there is no such queue."""
    queue = cloud.client("sqs")
    name = delivery.dead_letter_arn.rsplit(":", 1)[-1]
    try:
        queue.send_message(
            QueueUrl=f"{cloud.endpoint_url}/{cloud.account}/{name}",
            MessageBody=delivery.payload,
            MessageAttributes={
                key: {"DataType": "String", "StringValue": value or " "} for key, value in attributes.items()
            },
        )
    except queue.exceptions.QueueDoesNotExist as exc:
        raise DeliveryFailed("NO_RESOURCE", f"Queue {name} does not exist", retriable=False) from exc


def _failure(error: ApiError) -> DeliveryFailed:
    codes = {"AccessDeniedException": "NO_PERMISSIONS", "StateMachineDoesNotExist": "NO_RESOURCE"}
    if error.code in codes:
        return DeliveryFailed(codes[error.code], error.message, retriable=False)
    return DeliveryFailed("ERROR_FROM_TARGET", error.message, retriable=True)
