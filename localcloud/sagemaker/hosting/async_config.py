"""AsyncInferenceConfig of an endpoint config: where answers go, who is told, how many requests an instance works at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.sagemaker.hosting.artifacts import S3Object
from localcloud.sagemaker.hosting.refusals import invalid, refuse_members

# Without a number SageMaker chooses "an optimal value". Inference scripts answer one request at a time here.
DEFAULT_CONCURRENCY: Final = 1
_PLACE: Final = "AsyncInferenceConfig.OutputConfig."


@dataclass(frozen=True)
class AsyncSpec:
    output: S3Object
    """A prefix; so is `failure`."""
    failure: S3Object | None
    kms_key: str
    success_topic: str
    error_topic: str
    concurrency: int
    """Requests that one instance gets at once."""
    config: Mapping[str, Any]
    """As it was given, for DescribeEndpoint."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "AsyncSpec":
        """Raises ApiError ValidationException when a place in S3 is none."""
        output = config["OutputConfig"]
        topics = output.get("NotificationConfig", {})
        client = config.get("ClientConfig", {})
        failure = output.get("S3FailurePath")
        return cls(
            output=S3Object.parse(output["S3OutputPath"], f"{_PLACE}S3OutputPath"),
            failure=S3Object.parse(failure, f"{_PLACE}S3FailurePath") if failure else None,
            kms_key=output.get("KmsKeyId", ""),
            success_topic=topics.get("SuccessTopic", ""),
            error_topic=topics.get("ErrorTopic", ""),
            concurrency=client.get("MaxConcurrentInvocationsPerInstance", DEFAULT_CONCURRENCY),
            config=config,
        )


def check_async(config: Mapping[str, Any]) -> None:
    output = config["OutputConfig"]
    if not output.get("S3OutputPath"):
        raise invalid(f"{_PLACE}S3OutputPath is required by the local cloud: the S3 prefix that answers are written to")
    refuse_members(output.get("NotificationConfig", {}), ["IncludeInferenceResponseIn"], f"{_PLACE}NotificationConfig.")
    AsyncSpec.of(config)
