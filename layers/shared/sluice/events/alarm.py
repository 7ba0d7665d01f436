"""`CloudWatch Alarm State Change`. Source: CloudWatch User Guide, "Alarm events and EventBridge"."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class AlarmState(Detail):
    value: Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
    reason: str = ""
    timestamp: str = ""


class AlarmDetail(Detail):
    name: str = Field(alias="alarmName")
    state: AlarmState


class AlarmStateChange(Envelope):
    source: Literal["aws.cloudwatch"]
    detail_type: Literal["CloudWatch Alarm State Change"] = Field(alias="detail-type")
    detail: AlarmDetail
