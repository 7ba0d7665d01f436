"""The jobs that a run had SageMaker do: how long each took, what it was billed for, what it was given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.following.jobs import describe, job_seconds
from cli.following.one_run import PlannedJob, planned_jobs
from cli.run_lookup import unless_gone
from sluice.aws.runs import Run
from sluice.aws.training_jobs import TrainingJobs
from sluice.run_facts import Job

GONE = "gone"
_STATUS = {
    "processing": "ProcessingJobStatus",
    "training": "TrainingJobStatus",
    "tuning": "HyperParameterTuningJobStatus",
}


@dataclass(frozen=True)
class FoundJob:
    """status: SageMaker's, or `gone` where it knows the job no more; then its seconds are not known."""

    job: Job
    status: str
    hyperparameters: Mapping[str, str] = field(default_factory=dict)


def found_jobs(sagemaker: Any, run: Run) -> list[FoundJob]:
    return [_found(sagemaker, planned) for planned in planned_jobs(run.plan)]


def _found(sagemaker: Any, planned: PlannedJob) -> FoundJob:
    described = unless_gone(lambda: describe(sagemaker, planned.kind, planned.name))
    seconds = _billed_seconds(sagemaker, planned, described) if described else None
    job = Job(planned.step.lower(), planned.name, planned.instance_type, planned.instance_count, seconds)
    if described is None:
        return FoundJob(job, GONE)
    return FoundJob(job, described[_STATUS[planned.kind]], described.get("HyperParameters", {}))


def _billed_seconds(sagemaker: Any, planned: PlannedJob, described: Mapping[str, Any]) -> float | None:
    """Of a spot job less than it ran; of a search the sum over its jobs."""
    if planned.kind == "tuning":
        trials = [trial.seconds for trial in TrainingJobs(sagemaker).trials(planned.name)]
        return sum(seconds for seconds in trials if seconds is not None)
    billed = described.get("BillableTimeInSeconds")
    return float(billed) if billed is not None else job_seconds(sagemaker, planned.kind, planned.name)
