"""The List operations' filters, order and pages, which are the same for every SageMaker resource."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from localcloud.api import ApiError

DEFAULT_PAGE: Final = 10
_PREFIX = "offset:"
_TIMES = ("CreationTime", "LastModifiedTime")


def select(
    resources: Sequence[Mapping[str, Any]], request: Mapping[str, Any], name: str, status: str
) -> list[Mapping[str, Any]]:
    """What the request's filters leave of `resources`, in the request's order (oldest first unless it says otherwise).

    `name` and `status` are the resources' own members for them, e.g. TrainingJobName and TrainingJobStatus.
    """
    chosen = [resource for resource in resources if _wanted(resource, request, name, status)]
    keys = {"Name": name, "Status": status}
    member = keys.get(request.get("SortBy", "CreationTime"), request.get("SortBy", "CreationTime"))
    return sorted(chosen, key=lambda resource: resource[member], reverse=request.get("SortOrder") == "Descending")


def page(items: Sequence[Any], request: Mapping[str, Any], default: int = DEFAULT_PAGE) -> tuple[list[Any], str | None]:
    """The request's page and the token of the next one; ValidationException for a token that is not ours."""
    start = _offset(request["NextToken"]) if "NextToken" in request else 0
    end = start + int(request.get("MaxResults", default))
    return list(items[start:end]), _token(end) if end < len(items) else None


def _wanted(resource: Mapping[str, Any], request: Mapping[str, Any], name: str, status: str) -> bool:
    if request.get("NameContains", "").lower() not in resource[name].lower():
        return False
    if request.get("StatusEquals", resource[status]) != resource[status]:
        return False
    return all(_within(resource[time], request.get(f"{time}After"), request.get(f"{time}Before")) for time in _TIMES)


def _within(moment: Any, after: Any, before: Any) -> bool:
    return (after is None or moment >= after) and (before is None or moment <= before)


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"{_PREFIX}{offset}".encode()).decode()


def _offset(token: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError):
        text = ""
    number = text.removeprefix(_PREFIX)
    if not text.startswith(_PREFIX) or not number.isdigit():
        raise ApiError("ValidationException", "Invalid NextToken: send the token of the page before, unchanged")
    return int(number)
