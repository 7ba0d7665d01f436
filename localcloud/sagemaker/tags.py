"""The tags of every SageMaker resource, by ARN."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Caller, Cloud
from localcloud.sagemaker.listing import page

MAX_TAGS: Final = 50

Tag = Mapping[str, str]


class TagStore:
    """A part calls `register` when its resource comes to be and `forget` when it is deleted.

    Tag operations on an ARN that no part registered are refused.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._tags: dict[str, dict[str, str]] = {}

    def operations(self) -> dict[str, Handler]:
        return {"AddTags": self._add, "ListTags": self._list, "DeleteTags": self._delete}

    def close(self) -> None:
        """Nothing runs here."""

    def authorize(self, caller: Caller, arn: str, tags: Iterable[Tag]) -> None:
        """Creating a resource with tags takes sagemaker:AddTags on it as well."""
        if list(tags):
            self._cloud.authorize(caller, "sagemaker:AddTags", arn)

    def register(self, arn: str, tags: Iterable[Tag] = ()) -> None:
        with self._lock:
            self._tags[arn] = _merged({}, tags)

    def forget(self, arn: str) -> None:
        with self._lock:
            self._tags.pop(arn, None)

    def of(self, arn: str) -> dict[str, str]:
        """Key to value; empty for an unknown ARN."""
        with self._lock:
            return dict(self._tags.get(arn, {}))

    def drop(self, arn: str, key: str) -> None:
        """Take one tag away; nothing happens when it is not there."""
        with self._lock:
            self._tags.get(arn, {}).pop(key, None)

    def _add(self, call: Call) -> dict[str, Any]:
        arn = call.input["ResourceArn"]
        self._cloud.authorize(call.caller, "sagemaker:AddTags", arn)
        with self._lock:
            self._tags[arn] = _merged(self._known(arn), call.input["Tags"])
            return {"Tags": _as_list(self._tags[arn])}

    def _list(self, call: Call) -> dict[str, Any]:
        arn = call.input["ResourceArn"]
        self._cloud.authorize(call.caller, "sagemaker:ListTags", arn)
        with self._lock:
            tags = _as_list(self._known(arn))
        shown, token = page(tags, call.input, default=MAX_TAGS)
        return {"Tags": shown, "NextToken": token}

    def _delete(self, call: Call) -> dict[str, Any]:
        arn = call.input["ResourceArn"]
        self._cloud.authorize(call.caller, "sagemaker:DeleteTags", arn)
        with self._lock:
            tags = self._known(arn)
            for key in call.input["TagKeys"]:
                tags.pop(key, None)
        return {}

    def _known(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise ApiError("ValidationException", f"Could not find a resource with the ARN {arn}")
        return self._tags[arn]


def _merged(old: Mapping[str, str], tags: Iterable[Tag]) -> dict[str, str]:
    merged = dict(old) | {tag["Key"]: tag["Value"] for tag in tags}
    if len(merged) > MAX_TAGS:
        raise ApiError(
            "ResourceLimitExceeded", f"A resource can have at most {MAX_TAGS} tags; this makes {len(merged)}"
        )
    return merged


def _as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
