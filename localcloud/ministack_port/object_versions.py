"""S3's `Object Created` event names the object's version in a versioned bucket; MiniStack's leaves it out.

Source: S3 User Guide, "EventBridge event message structure". Without it two uploads of equal bytes look like one.
"""

import contextvars
import json
from typing import Any

from ministack.services import eventbridge, s3

_version_id: contextvars.ContextVar[str] = contextvars.ContextVar("localcloud_object_version", default="")


def install_object_versions() -> None:
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event

    def fire_with_version(*arguments: Any, version_id: str | None = None, **rest: Any) -> None:
        token = _version_id.set(version_id or "")
        try:
            fire(*arguments, version_id=version_id, **rest)
        finally:
            _version_id.reset(token)

    def dispatch_with_version(event: dict[str, Any], *rest: Any) -> None:
        version_id = _version_id.get()
        if version_id and event["Source"] == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version_id
            event = {**event, "Detail": json.dumps(detail)}
        dispatch(event, *rest)

    s3._fire_s3_event = fire_with_version
    eventbridge._dispatch_event = dispatch_with_version
