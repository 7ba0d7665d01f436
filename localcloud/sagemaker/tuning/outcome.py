"""What a tuning job's training jobs have come to: their summaries, the counters, the best one, the end."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localcloud.sagemaker.jobs.failures import clip
from localcloud.sagemaker.jobs.records import TERMINAL

Summary = dict[str, Any]

# Without a single objective value SageMaker starts no more than that ("No training job succeeded after 5 attempts").
ENOUGH_ATTEMPTS: Final = 5
_SHOWN: Final = (
    "TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingStartTime", "TrainingEndTime", "TrainingJobStatus",
    "FailureReason",
)  # fmt: skip


@dataclass(frozen=True)
class Child:
    """One training job: the number of its proposal, its name, and the hyperparameters that were searched."""

    number: int
    name: str
    tuned: Mapping[str, str]


def objective_value(job: Mapping[str, Any], metric: str) -> float | None:
    """The last value that the job emitted; None while it runs, when it failed, or when that is not a number."""
    if job["TrainingJobStatus"] not in ("Completed", "Stopped"):
        return None
    found = [one["Value"] for one in job.get("FinalMetricDataList", ()) if one["MetricName"] == metric]
    return found[0] if found and math.isfinite(found[0]) else None


def summarize(child: Child, job: Mapping[str, Any], metric: str, definition_name: str | None = None) -> Summary:
    """HyperParameterTrainingJobSummary of a described training job."""
    value = objective_value(job, metric)
    ended = job["TrainingJobStatus"] in TERMINAL
    summary = {member: job[member] for member in _SHOWN if member in job}
    if definition_name:
        summary["TrainingJobDefinitionName"] = definition_name
    if value is not None:
        summary["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": metric, "Value": value}
    status = "Pending" if not ended else "Failed" if value is None else "Succeeded"
    return summary | {"TunedHyperParameters": dict(child.tuned), "ObjectiveStatus": status}


def counters(summaries: Sequence[Summary]) -> dict[str, dict[str, int]]:
    """TrainingJobStatusCounters and ObjectiveStatusCounters."""
    jobs = Counter(_counted_as(one) for one in summaries)
    objectives = Counter(one["ObjectiveStatus"] for one in summaries)
    return {
        "TrainingJobStatusCounters": {
            name: jobs[name] for name in ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
        },
        "ObjectiveStatusCounters": {name: objectives[name] for name in ("Succeeded", "Pending", "Failed")},
    }


def best(summaries: Sequence[Summary], *, maximize: bool) -> Summary | None:
    """The first of those with the best value. One that was stopped may have left no model: only for want of others."""
    measured = [one for one in summaries if one["ObjectiveStatus"] == "Succeeded"]
    whole = [one for one in measured if one["TrainingJobStatus"] == "Completed"] or measured
    return (max if maximize else min)(whole, key=value_of) if whole else None


def value_of(summary: Summary) -> float:
    value: float = summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    return value


def failure(summaries: Sequence[Summary], metric: str, attempts: int = 1) -> str:
    """Why a tuning job has failed whose `attempts` or more training jobs have ended; empty when it has not."""
    ended = [one for one in summaries if one["ObjectiveStatus"] != "Pending"]
    if len(ended) < attempts or any(one["ObjectiveStatus"] == "Succeeded" for one in ended):
        return ""
    failed = [one for one in ended if one["TrainingJobStatus"] == "Failed"]
    if len(failed) == len(ended):
        return clip(
            f"No training job succeeded after {len(ended)} attempts. For additional details, please take a look at the "
            f"training job failures by listing training jobs for the hyperparameter tuning job. "
            f"{failed[0]['TrainingJobName']}: {failed[0].get('FailureReason', '')}"
        )
    return (
        f"No objective metrics found after running {len(ended)} training jobs. Please ensure that the algorithm is "
        f"emitting the objective metric {metric} as defined by the regular expression provided."
    )


def _counted_as(summary: Summary) -> str:
    status: str = summary["TrainingJobStatus"]
    if status == "Failed":
        internal = summary.get("FailureReason", "").startswith("InternalServerError")
        return "RetryableError" if internal else "NonRetryableError"
    return status if status in TERMINAL else "InProgress"
