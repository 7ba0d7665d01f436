"""`SageMaker Processing Job State Change`: its detail is what DescribeProcessingJob answers.

Source: SageMaker Developer Guide, "Events that SageMaker sends to EventBridge".
"""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class ProcessingJobDetail(Detail):
    name: str = Field(alias="ProcessingJobName")
    status: str = Field(alias="ProcessingJobStatus")
    failure_reason: str | None = Field(default=None, alias="FailureReason")
    exit_message: str | None = Field(default=None, alias="ExitMessage")
    schedule_arn: str | None = Field(default=None, alias="MonitoringScheduleArn")
    """Of a job that Model Monitor started."""

    @property
    def reason(self) -> str:
        return self.exit_message or self.failure_reason or "it gave no reason"


class ProcessingJobStateChange(Envelope):
    source: Literal["aws.sagemaker"]
    detail_type: Literal["SageMaker Processing Job State Change"] = Field(alias="detail-type")
    detail: ProcessingJobDetail
