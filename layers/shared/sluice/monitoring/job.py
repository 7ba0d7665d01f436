"""The processing job of a check, as CreateProcessingJob takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.definition import Monitoring
from sluice.monitoring.check import CheckNames
from sluice.plan import Surroundings

_INPUT, _OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"


@dataclass(frozen=True)
class VersionFiles:
    """What a version left for its checks, as s3:// URIs."""

    baseline: str
    """The prefix of its reference.json, statistics.json and constraints.json."""
    evaluation: str
    """reference.json of the test split."""
    model: str
    """The artifact."""


def job_request(
    names: CheckNames,
    report_prefix: str,
    files: VersionFiles,
    manifests: Mapping[str, str],
    settings: Monitoring,
    surroundings: Surroundings,
) -> dict[str, Any]:
    """manifests: the key of each input's manifest, by the input's name."""
    bucket = surroundings.bucket
    inputs = [
        _input("code", surroundings.code.processing_uri),
        _input("check", f"s3://{bucket}/{names.prefix}"),
        _input("baseline", files.baseline),
        _input("evaluation", files.evaluation),
        _input("model", files.model),
        *(_input(name, f"s3://{bucket}/{key}", "ManifestFile") for name, key in manifests.items()),
    ]
    report = {"S3Uri": f"s3://{bucket}/{report_prefix}", "LocalPath": _OUTPUT, "S3UploadMode": "EndOfJob"}
    key = surroundings.kms_key_arn
    return {
        "ProcessingJobName": names.job,
        "RoleArn": surroundings.role_arn,
        "AppSpecification": {
            "ImageUri": surroundings.image_uri,
            "ContainerEntrypoint": ["python3", f"{_INPUT}/code/monitor.py"],
            "ContainerArguments": [
                f"--output={_OUTPUT}",
                "--failure-file=/opt/ml/output/message",
            ],
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceType": settings.instance_type,
                "InstanceCount": 1,
                "VolumeSizeInGB": settings.volume_gb,
                **({"VolumeKmsKeyId": key} if key else {}),
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": settings.max_run_seconds},
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "report", "S3Output": report}],
            **({"KmsKeyId": key} if key else {}),
        },
        "Tags": [{"Key": "sluice:model", "Value": names.model}, {"Key": "sluice:check", "Value": names.check_id}],
    }


def _input(name: str, uri: str, data_type: str = "S3Prefix") -> dict[str, Any]:
    taken = {"S3Uri": uri, "LocalPath": f"{_INPUT}/{name}", "S3DataType": data_type, "S3InputMode": "File"}
    return {"InputName": name, "S3Input": taken}
