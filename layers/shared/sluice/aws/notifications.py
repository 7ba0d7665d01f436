"""What people are told: one SNS topic per stage."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_SUBJECT_LIMIT = 100
"""SNS: a subject holds fewer than 100 characters, all ASCII, no line breaks."""


@dataclass(frozen=True)
class Notifications:
    client: "SNSClient"
    topic_arn: str

    def send(self, model: str, subject: str, message: str) -> None:
        title = f"[sluice] {model}: {subject}".encode("ascii", "replace").decode()[: _SUBJECT_LIMIT - 1]
        self.client.publish(
            TopicArn=self.topic_arn,
            Subject=title,
            Message=message,
            MessageAttributes={"model": {"DataType": "String", "StringValue": model}},
        )
