"""`CloudWatch Alarm State Change`. Source: CloudWatch User Guide, "Alarm events and EventBridge"."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class AlarmState(Detail):
    value: Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
    reason: str = ""
    timestamp: datetime | None = None


class AlarmDetail(Detail):
    name: str = Field(alias="alarmName")
    state: AlarmState


class AlarmStateChange(Envelope):
    source: Literal["aws.cloudwatch"]
    detail_type: Literal["CloudWatch Alarm State Change"] = Field(alias="detail-type")
    detail: AlarmDetail

    @property
    def at(self) -> datetime:
        """When it changed its state; the envelope's time knows whole seconds only."""
        return self.detail.state.timestamp or self.time
