"""Whose alarms a request deletes: MiniStack knows the resource of AlarmName only, not of AlarmNames.

CloudWatch checks DeleteAlarms on each alarm's ARN (Service Authorization Reference). With several names MiniStack's one
check stays as it is: on all alarms.
"""

import json
from typing import Any, Final

from ministack.core import iam_actions

_extract: Final = iam_actions.extract_resource_arn


def install() -> None:
    iam_actions.extract_resource_arn = _resource_arn


def _resource_arn(
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
    region: str,
    account: str,
) -> str:
    arn = str(_extract(service, method, path, headers, body, query, region, account))
    if service != "monitoring" or arn != "*" or not _deletes_alarms(headers, query):
        return arn
    names = _names(body, query)
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{names[0]}" if len(names) == 1 else arn


def _deletes_alarms(headers: dict[str, str], query: dict[str, Any]) -> bool:
    target = next((value for name, value in headers.items() if name.lower() == "x-amz-target"), "")
    action = query.get("Action", "")
    return target.endswith(".DeleteAlarms") or "DeleteAlarms" in (action if isinstance(action, list) else [action])


def _names(body: bytes, query: dict[str, Any]) -> list[str]:
    members = [value for name, value in query.items() if name.startswith("AlarmNames.member.")]
    if members:
        return [str(value[0] if isinstance(value, list) else value) for value in members]
    try:
        found = json.loads(body).get("AlarmNames") or []
    except (ValueError, AttributeError):
        return []
    return [str(name) for name in found]
