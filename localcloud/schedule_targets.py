"""How EventBridge Scheduler calls a target: as the schedule's role, whose permissions are all that counts."""

from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from localcloud.cloud import Cloud
from localcloud.delivery import Delivery, DeliveryFailed
from localcloud.errors import ApiError
from localcloud.event_targets import send_dead_letter
from localcloud.ministack_port import events, identity, schedules, states

_ACTIONS: Final = {
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "states": "states:StartExecution",
}
_SESSION: Final = "AWSScheduler"
_ATTEMPT: Final = "<aws.scheduler.attempt-number>"
# EventBridge's words for an error, where Scheduler says it in the target's.
_CODES: Final = {"NO_RESOURCE": "ResourceNotFoundException", "INVALID_JSON": "ValidationException"}
METRICS: Final = {
    "Invocations": "InvocationAttemptCount",
    "FailedInvocations": "TargetErrorCount",
    "InvocationsSentToDlq": "InvocationsSentToDeadLetterCount",
    "InvocationsFailedToBeSentToDlq": "InvocationsFailedToBeSentToDeadLetterCount",
}
"""A delivery's metrics as AWS/Scheduler has them, by schedule group."""


class ScheduleTargets:
    """`Targets` of schedules."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def deliver(self, delivery: Delivery) -> None:
        arn, service = delivery.target_arn, delivery.target_arn.split(":")[2]
        self._require(delivery.role_arn, _ACTIONS[service], arn)
        payload = delivery.payload.replace(_ATTEMPT, str(delivery.attempt))
        try:
            if service == "lambda":
                events.invoke_function(arn, payload)
            elif service == "sqs":
                events.send_to_queue(arn, payload, {name: delivery.parameters[name] for name in _of_sqs(delivery)})
            elif service == "sns":
                events.publish(arn, payload)
            else:
                states.start_execution(arn, payload, str(uuid4()))
        except DeliveryFailed as failed:
            code = _CODES.get(failed.code, failed.code)
            raise DeliveryFailed(code, failed.message, retriable=failed.retriable) from failed
        except ApiError as error:
            missing = error.code == "StateMachineDoesNotExist"
            raise DeliveryFailed(error.code, error.message, retriable=not missing) from error

    def dead_letter(self, delivery: Delivery, attributes: Mapping[str, str]) -> None:
        """Under the schedule's role, too."""
        self._require(delivery.role_arn, _ACTIONS["sqs"], delivery.dead_letter_arn)
        told = {name: value for name, value in attributes.items() if name != "RULE_ARN"}
        told |= {
            "SCHEDULE_ARN": delivery.rule_arn,
            "SCHEDULED_TIME": str(delivery.parameters["ScheduledTime"]),
            "EXECUTION_ID": delivery.event_id,
            "IS_PAYLOAD_TRUNCATED": "false",
        }
        send_dead_letter(self._cloud, delivery, told)

    def _require(self, role_arn: str, action: str, resource: str) -> None:
        try:
            session = self._cloud.assume_role(role_arn, _SESSION, schedules.PRINCIPAL)
            headers = identity.session_headers(session, self._cloud.region, action.partition(":")[0])
            identity.authorize(headers, action, resource)
        except ApiError as denied:
            raise DeliveryFailed("AccessDeniedException", denied.message, retriable=False) from denied


def group_of(delivery: Delivery) -> dict[str, str]:
    """`arn:aws:scheduler:…:schedule/<group>/<name>`"""
    return {"ScheduleGroup": delivery.rule_arn.split("/")[-2]}


def _of_sqs(delivery: Delivery) -> list[str]:
    return [name for name in delivery.parameters if name == "MessageGroupId"]
