"""Which resource a request is checked on, where MiniStack does not know it (Service Authorization Reference).

DeleteAlarms: each alarm's ARN. MiniStack knows the resource of AlarmName only, not of AlarmNames. With several names
its one check stays as it is: on all alarms. GetParametersByPath: the path, as if it were a parameter.
A schedule's ARN holds its group, which MiniStack takes for the default one.
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
    if service == "scheduler":
        return arn.replace(":schedule/default/", f":schedule/{_group(body, query)}/")
    if arn != "*":
        return arn
    target = next((value for name, value in headers.items() if name.lower() == "x-amz-target"), "")
    if service == "monitoring" and _deletes_alarms(target, query):
        names = _names(body, query)
        return f"arn:aws:cloudwatch:{region}:{account}:alarm:{names[0]}" if len(names) == 1 else arn
    if service == "ssm" and target.endswith(".GetParametersByPath"):
        above = _member(body, "Path")
        return f"arn:aws:ssm:{region}:{account}:parameter/{above.lstrip('/')}" if isinstance(above, str) else arn
    return arn


def _group(body: bytes, query: dict[str, Any]) -> str:
    asked = query.get("groupName") or _member(body, "GroupName") or "default"
    return str(asked[0] if isinstance(asked, list) else asked)


def _deletes_alarms(target: str, query: dict[str, Any]) -> bool:
    action = query.get("Action", "")
    return target.endswith(".DeleteAlarms") or "DeleteAlarms" in (action if isinstance(action, list) else [action])


def _names(body: bytes, query: dict[str, Any]) -> list[str]:
    members = [value for name, value in query.items() if name.startswith("AlarmNames.member.")]
    if members:
        return [str(value[0] if isinstance(value, list) else value) for value in members]
    return [str(name) for name in _member(body, "AlarmNames") or []]


def _member(body: bytes, name: str) -> Any:
    """None where the body is no JSON object."""
    try:
        return json.loads(body).get(name)
    except (ValueError, AttributeError):
        return None
