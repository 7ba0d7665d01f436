"""Answers CloudFormation. A stack waits an hour for a custom resource that never answers, so it always does.

Protocol: CloudFormation User Guide, "Custom resource request and response reference".
"""

import json
from collections.abc import Callable

import urllib3
from aws_lambda_powertools.utilities.data_classes import CloudFormationCustomResourceEvent

PHYSICAL_ID = "training-code"
_TIMEOUT_SECONDS = 10


def respond(event: CloudFormationCustomResourceEvent, action: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Run `action` and report its attributes, or its failure with the reason."""
    try:
        attributes = action()
    except Exception as error:
        _send(event, "FAILED", f"{type(error).__name__}: {error}", {})
        raise
    _send(event, "SUCCESS", "", attributes)
    return attributes


def _send(event: CloudFormationCustomResourceEvent, status: str, reason: str, attributes: dict[str, str]) -> None:
    document = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": PHYSICAL_ID,
        "StackId": event.stack_id,
        "RequestId": event.request_id,
        "LogicalResourceId": event.logical_resource_id,
        "Data": attributes,
    }
    # The presigned URL is signed for a request without a content type.
    answer = urllib3.request(
        "PUT", event.response_url, body=json.dumps(document).encode(), timeout=_TIMEOUT_SECONDS, retries=3
    )
    if answer.status >= 300:
        raise OSError(f"CloudFormation took no answer: HTTP {answer.status}")
