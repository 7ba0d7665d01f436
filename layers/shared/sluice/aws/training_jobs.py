"""SageMaker's training and tuning jobs, as far as a run asks for earlier ones and for its own search."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import (
        DescribeTrainingJobResponseTypeDef,
        HyperParameterTrainingJobSummaryTypeDef,
    )


class JobUnknownError(Exception):
    """SageMaker knows no such job."""


@dataclass(frozen=True)
class Trial:
    """One training job of a tuning job. objective: None where it told none, or no number."""

    job: str
    status: str
    objective: float | None
    hyperparameters: Mapping[str, str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def seconds(self) -> float | None:
        return (self.ended_at - self.started_at).total_seconds() if self.started_at and self.ended_at else None


@dataclass(frozen=True)
class TrainingJob:
    name: str
    arn: str
    model_uri: str
    hyperparameters: Mapping[str, str]
    """As they were sent, the platform's among them."""


@dataclass(frozen=True)
class TuningJob:
    name: str
    arn: str
    best_job: str | None


@dataclass(frozen=True)
class TrainingJobs:
    client: "SageMakerClient"

    def training_job(self, name: str) -> TrainingJob:
        """Raises JobUnknownError."""
        try:
            described: DescribeTrainingJobResponseTypeDef = self.client.describe_training_job(TrainingJobName=name)
        except ClientError as error:
            raise _explained(error, name) from error
        return TrainingJob(
            name,
            described["TrainingJobArn"],
            described["ModelArtifacts"]["S3ModelArtifacts"],
            described.get("HyperParameters", {}),
        )

    def hyperparameters(self, name: str) -> Mapping[str, str]:
        """Raises JobUnknownError."""
        return self.training_job(name).hyperparameters

    def tuning_job(self, name: str) -> TuningJob:
        """Raises JobUnknownError."""
        described = self._tuning(name)
        # The model says that it is always there; a search none of whose jobs told its objective has none.
        best = described.get("BestTrainingJob") or {}
        return TuningJob(name, described["HyperParameterTuningJobArn"], best.get("TrainingJobName"))

    def tuning_status(self, name: str) -> str | None:
        """None where there is no such job."""
        try:
            return str(self._tuning(name)["HyperParameterTuningJobStatus"])
        except JobUnknownError:
            return None

    def trials(self, tuning_job: str) -> list[Trial]:
        """In the order of their creation."""
        return sorted(map(_trial, self._summaries(tuning_job)), key=lambda trial: (trial.created_at, trial.job))

    def _summaries(self, tuning_job: str) -> "Iterator[HyperParameterTrainingJobSummaryTypeDef]":
        pages = self.client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=tuning_job, PaginationConfig={"PageSize": 100}
        )
        for page in pages:
            yield from page["TrainingJobSummaries"]

    def _tuning(self, name: str) -> Mapping[str, Any]:
        try:
            return {**self.client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)}
        except ClientError as error:
            raise _explained(error, name) from error


def _trial(summary: "HyperParameterTrainingJobSummaryTypeDef") -> Trial:
    final = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
    return Trial(
        job=summary["TrainingJobName"],
        status=summary["TrainingJobStatus"],
        objective=final["Value"] if final and math.isfinite(final["Value"]) else None,
        hyperparameters=summary["TunedHyperParameters"],
        created_at=summary["CreationTime"],
        started_at=summary.get("TrainingStartTime"),
        ended_at=summary.get("TrainingEndTime"),
    )


def _explained(error: ClientError, name: str) -> Exception:
    """An unknown training job is a ValidationException, an unknown tuning job ResourceNotFound."""
    told = error.response["Error"]
    unknown = told["Code"] == "ResourceNotFound" or "not found" in told["Message"].lower()
    return JobUnknownError(f"there is no job {name}") if unknown else error
