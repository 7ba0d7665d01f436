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

    def ring(self, names: Sequence[str], why: str) -> bool:
        """Set the first of the alarms that exists to ALARM, until CloudWatch evaluates it again; False: none exists.

        SageMaker has no call that ends a rollout: it goes back by itself when one of its alarms fires (Developer Guide,
        "Auto-Rollback Configuration and Monitoring").
        """
        for name in names:
            try:
                self.client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=why[:1023])
            except self.client.exceptions.ResourceNotFound:
                continue
            return True
        return False
