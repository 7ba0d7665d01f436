"""DataCaptureConfig of an endpoint config: what of a request is captured, where to, and in which encoding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.sagemaker.hosting.artifacts import S3Object
from localcloud.sagemaker.hosting.refusals import invalid


@dataclass(frozen=True)
class CaptureSpec:
    """`csv_types` and `json_types` are media types in lower case; content of any other type is kept as base64."""

    enabled: bool
    percentage: int
    destination: S3Object
    """The prefix below which each endpoint and variant has its own."""
    destination_uri: str
    kms_key: str
    input: bool
    output: bool
    csv_types: frozenset[str] = frozenset()
    json_types: frozenset[str] = frozenset()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "CaptureSpec":
        """Raises ApiError ValidationException when the destination is no S3 prefix."""
        modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
        types = config.get("CaptureContentTypeHeader", {})
        uri = config["DestinationS3Uri"]
        return cls(
            enabled=config.get("EnableCapture", True),
            percentage=config["InitialSamplingPercentage"],
            destination=S3Object.parse(uri, "DataCaptureConfig.DestinationS3Uri"),
            destination_uri=uri,
            kms_key=config.get("KmsKeyId", ""),
            input=bool(modes & {"Input", "InputAndOutput"}),
            output=bool(modes & {"Output", "InputAndOutput"}),
            csv_types=frozenset(map(media_type, types.get("CsvContentTypes", []))),
            json_types=frozenset(map(media_type, types.get("JsonContentTypes", []))),
        )

    def summary(self) -> dict[str, Any]:
        """As DescribeEndpoint shows it."""
        return {
            "EnableCapture": self.enabled,
            "CaptureStatus": "Started" if self.enabled else "Stopped",
            "CurrentSamplingPercentage": self.percentage,
            "DestinationS3Uri": self.destination_uri,
            "KmsKeyId": self.kms_key,
        }


def check_capture(config: Mapping[str, Any]) -> None:
    spec = CaptureSpec.of(config)
    both = spec.csv_types & spec.json_types
    if both:
        raise invalid(
            f"DataCaptureConfig.CaptureContentTypeHeader has {sorted(both)[0]} as CSV and as JSON; give it in one"
        )


def media_type(content_type: str) -> str:
    """Without its parameters: `text/csv; charset=utf-8` → `text/csv`."""
    return content_type.partition(";")[0].strip().lower()
