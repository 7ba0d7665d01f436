"""The EventBridge events that SageMaker emits: `detail` is what Describe says, times in epoch milliseconds."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from localcloud.cloud import Cloud

SOURCE = "aws.sagemaker"

_log = logging.getLogger(__name__)


def emit(cloud: Cloud, detail_type: str, arn: str, description: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    """`detail_type` in full, e.g. `SageMaker Training Job State Change`."""
    try:
        cloud.put_event(SOURCE, detail_type, event_detail(description) | {"Tags": dict(tags)}, [arn])
    except Exception:
        # On AWS a resource does not depend on its event; here a broken bus must not break a job either.
        _log.exception("The event %r of %s was not put", detail_type, arn)


def event_detail(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(member) for name, member in value.items() if member is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, Mapping):
        return event_detail(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
