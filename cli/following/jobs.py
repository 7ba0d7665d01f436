"""How long a SageMaker job itself ran, without the time that starting and collecting it took."""

from collections.abc import Mapping
from typing import Any

from cli.following.events import JobKind

_FIELDS: dict[JobKind, tuple[str, str]] = {
    "processing": ("ProcessingStartTime", "ProcessingEndTime"),
    "training": ("TrainingStartTime", "TrainingEndTime"),
    "tuning": ("CreationTime", "HyperParameterTuningEndTime"),
}


def job_seconds(sagemaker: Any, kind: JobKind, name: str) -> float | None:
    """None when the job never started, or has not ended."""
    described = describe(sagemaker, kind, name)
    start, end = (described.get(key) for key in _FIELDS[kind])
    return (end - start).total_seconds() if start and end else None


def describe(sagemaker: Any, kind: JobKind, name: str) -> Mapping[str, Any]:
    if kind == "processing":
        return sagemaker.describe_processing_job(ProcessingJobName=name)  # type: ignore[no-any-return]
    if kind == "tuning":
        return sagemaker.describe_hyper_parameter_tuning_job(  # type: ignore[no-any-return]
            HyperParameterTuningJobName=name
        )
    return sagemaker.describe_training_job(TrainingJobName=name)  # type: ignore[no-any-return]
