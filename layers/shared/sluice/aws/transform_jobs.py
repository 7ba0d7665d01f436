"""Transform jobs: how one ended, and what its container said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_LOG_GROUP = "/aws/sagemaker/TransformJobs"
_READ_STREAMS = 10
_READ_EVENTS = 1000


@dataclass(frozen=True)
class TransformJob:
    name: str
    status: str
    failure_reason: str | None
    started: datetime | None
    ended: datetime | None

    @property
    def seconds(self) -> float | None:
        """That SageMaker bills on each instance."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds()


@dataclass(frozen=True)
class TransformJobs:
    client: "SageMakerClient"
    logs: Any
    """CloudWatch Logs."""

    def describe(self, name: str) -> TransformJob | None:
        """None where there is no such job."""
        try:
            found = self.client.describe_transform_job(TransformJobName=name)
        except ClientError as error:
            if "Could not find" in error.response["Error"]["Message"]:
                return None
            raise
        return TransformJob(
            name=name,
            status=found["TransformJobStatus"],
            failure_reason=found.get("FailureReason"),
            started=found.get("TransformStartTime"),
            ended=found.get("TransformEndTime"),
        )

    def messages(self, name: str) -> Iterator[str]:
        """The job's log lines, at most some thousand of each stream: its own log holds the container's refusals."""
        try:
            streams = self.logs.describe_log_streams(
                logGroupName=_LOG_GROUP, logStreamNamePrefix=f"{name}/", limit=_READ_STREAMS
            )["logStreams"]
            # "<job>/<instance>/data-log" is SageMaker's own; what the container prints is beside it.
            for stream in sorted(streams, key=lambda one: not one["logStreamName"].endswith("data-log")):
                events = self.logs.get_log_events(
                    logGroupName=_LOG_GROUP,
                    logStreamName=stream["logStreamName"],
                    startFromHead=True,
                    limit=_READ_EVENTS,
                )["events"]
                yield from (event["message"] for event in events)
        except ClientError as error:
            # A job that failed before its container started has no logs.
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
