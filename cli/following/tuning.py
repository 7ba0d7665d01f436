"""How far a tuning job has come: jobs that have ended, and the best objective so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.following.events import TuningProgressed

_NOT_THERE_YET = ("ResourceNotFound", "ValidationException")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class TuningWatch:
    """Asked on each look, it answers when something has changed since the last answer."""

    sagemaker: Any
    job: str
    total: int
    now: Callable[[], datetime] = _now
    _told: tuple[int, float | None] = field(default=(0, None), init=False)
    _ended: bool = field(default=False, init=False)

    def __call__(self) -> TuningProgressed | None:
        described = None if self._ended else self._described()
        if described is None:
            return None
        self._ended = described["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping")
        found = progress_of(described)
        if found == self._told:
            return None
        self._told = found
        return TuningProgressed(self.now(), found[0], self.total, metric_of(described), found[1])

    def _described(self) -> Mapping[str, Any] | None:
        """None before the state machine has created it."""
        try:
            return self.sagemaker.describe_hyper_parameter_tuning_job(  # type: ignore[no-any-return]
                HyperParameterTuningJobName=self.job
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE_YET:
                return None
            raise


def watch_of(sagemaker: Any, plan: Mapping[str, Any]) -> Callable[[], TuningProgressed | None]:
    """Of a run that does not tune, one that has nothing to say."""
    tuning = plan.get("tuning")
    return TuningWatch(sagemaker, tuning["job_name"], int(tuning["max_jobs"])) if tuning else _nothing


def _nothing() -> None:
    return None


def progress_of(described: Mapping[str, Any]) -> tuple[int, float | None]:
    """Training jobs that have ended, and the best of their objectives, from a tuning job's description."""
    counters = described.get("TrainingJobStatusCounters", {})
    done = sum(int(counters.get(name, 0)) for name in ("Completed", "Stopped", "NonRetryableError"))
    best = described.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value")
    return done, None if best is None else float(best)


def metric_of(described: Mapping[str, Any]) -> str:
    config = described.get("HyperParameterTuningJobConfig", {})
    return str(config.get("HyperParameterTuningJobObjective", {}).get("MetricName", "objective"))
