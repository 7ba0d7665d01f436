"""The CloudWatch alarms that watch what serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


@dataclass(frozen=True)
class EndpointAlarms:
    client: "CloudWatchClient"

    def ensure(self, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put the alarms, an existing one with the new bounds; answers their names."""
        for request in requests:
            self.client.put_metric_alarm(**request)
        return [request["AlarmName"] for request in requests]
