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

    def arm(self, request: Mapping[str, Any]) -> str:
        """Put the alarm that `ring` sets off, quiet, whatever has happened before; answers its name."""
        self.client.put_metric_alarm(**request)
        name: str = request["AlarmName"]
        self.client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a deployment begins")
        return name

    def ring(self, name: str, why: str) -> bool:
        """Set the alarm off, until it is armed again; False: there is none.

        SageMaker has no call that ends a rollout: it looks at its alarms now and then, and goes back by itself when one
        is in ALARM (Developer Guide, "Auto-Rollback Configuration and Monitoring").
        """
        try:
            self.client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=why[:1023])
        except self.client.exceptions.ResourceNotFound:
            return False
        return True
