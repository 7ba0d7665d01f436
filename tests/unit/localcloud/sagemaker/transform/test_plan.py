"""What CreateTransformJob takes, and what it refuses."""

from typing import Any

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.transform.plan import read_plan
from localcloud.sagemaker.transform.splitting import MIB


def request(**changes: Any) -> dict[str, Any]:
    """`source` and `target` change TransformInput and TransformOutput."""
    source = {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}},
        "ContentType": "text/csv",
        "SplitType": "Line",
    }
    target = {"S3OutputPath": "s3://data/out", "Accept": "text/csv", "AssembleWith": "Line"}
    made = {
        "TransformJobName": "score",
        "ModelName": "churn",
        "TransformInput": source | changes.pop("source", {}),
        "TransformOutput": target | changes.pop("target", {}),
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
    }
    return made | changes


def test_what_a_request_leaves_open_has_sagemakers_defaults() -> None:
    plan = read_plan(request())

    assert (plan.payload_bytes, plan.concurrency, plan.instances) == (6 * MIB, 1, 2)
    assert (plan.timeout_seconds, plan.retries) == (600.0, 3)
    assert (plan.by_line, plan.single, plan.assemble_lines, plan.gzipped) == (True, False, True, False)
    assert plan.processing.passes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": {"SplitType": "RecordIO"}}, "SplitType RecordIO is not implemented"),
        ({"source": {"SplitType": "None"}, "BatchStrategy": "SingleRecord"}, "needs TransformInput.SplitType Line"),
        (
            {"source": {"DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": "s3://data/m"}}}},
            "S3DataType ManifestFile is not implemented",
        ),
        ({"MaxPayloadInMB": 0}, "MaxPayloadInMB 0"),
        ({"MaxPayloadInMB": 101}, "cannot be greater than 100"),
        ({"MaxPayloadInMB": 30, "MaxConcurrentTransforms": 4}, "at most 100 is allowed"),
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://data/c"}}, "DataCaptureConfig is not implemented"),
        ({"DataProcessing": {"InputFilter": "$..id"}}, "DataProcessing.InputFilter"),
        ({"DataProcessing": {"OutputFilter": "$.id"}}, "take indexes"),
        ({"DataProcessing": {"JoinSource": "Input"}, "target": {"AssembleWith": "None"}}, "they are Line and None"),
        ({"DataProcessing": {"JoinSource": "Input"}, "target": {"Accept": "application/json"}}, "of the format of the"),
        ({"DataProcessing": {"JoinSource": "Input"}, "source": {"ContentType": "image/png"}}, "image/png"),
        ({"DataProcessing": {"InputFilter": "$[1:]"}, "source": {"SplitType": "None"}}, "a row is a record"),
        ({"target": {"S3OutputPath": "https://data/out"}}, "must be an s3:// address"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError, match=said) as refused:
        read_plan(request(**changes))

    assert refused.value.code == "ValidationException"
