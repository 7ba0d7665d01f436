"""A check before it runs: its names, and plan.json, which its job reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sluice.monitoring.window import Window
from sluice.naming import ModelPrefix, check_job_name, new_batch_check_id, new_check_id
from sluice.rollout import PackageRef

Source = Literal["captures", "batch"]

ENGINE = "scheduled-job"
"""Of every check that is a job of ours; Model Monitor's own need none."""
BATCH = "batch"
"""What a batch's check has for an endpoint."""
TREND_LENGTH = 24


@dataclass(frozen=True)
class CheckNames:
    """The same for the same cause, however often it is delivered."""

    stage: str
    model: str
    check_id: str

    @classmethod
    def of(cls, stage: str, model: str, window: Window, cause: str) -> "CheckNames":
        return cls(stage, model, new_check_id(window.end, model, cause))

    @classmethod
    def of_batch(cls, stage: str, model: str, batch_id: str) -> "CheckNames":
        return cls(stage, model, new_batch_check_id(batch_id, model))

    @property
    def job(self) -> str:
        return check_job_name(self.stage, self.model, self.check_id)

    @property
    def prefix(self) -> str:
        """What the job reads."""
        return ModelPrefix(self.model).check(self.check_id)

    @property
    def plan(self) -> str:
        return f"{self.prefix}plan.json"

    @property
    def definition(self) -> str:
        return f"{self.prefix}definition.json"

    @property
    def request(self) -> str:
        """The job as it was asked for, so that it can be asked for again."""
        return f"{self.prefix}job.json"

    def manifest(self, name: str) -> str:
        return f"{self.prefix}{name}.manifest"

    def report(self, source: str, end: datetime) -> str:
        """The prefix of what the job writes. source: the endpoint's name, or "batch"."""
        return f"{ModelPrefix(self.model).reports}{source}/{end:%Y/%m/%d/%H}/{self.check_id}/"


@dataclass(frozen=True)
class Subject:
    """What is checked: a version, and where its traffic came from."""

    package: PackageRef
    source: Source
    endpoint_name: str
    """"batch" of a batch."""
    mode: str
    not_before: datetime | None = None
    """What was captured before was another deployment's."""


def plan_document(
    names: CheckNames,
    subject: Subject,
    window: Window,
    lateness_hours: int,
    asked_at: datetime,
    requested_by: str,
    ground_truth: Sequence[str],
    new_labels: bool,
    operations: Mapping[str, Any] | None,
    history: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """ground_truth: files, as they came. history: earlier checks' figures, the oldest first."""
    return {
        "format_version": 1,
        "check_id": names.check_id,
        "model": names.model,
        "stage": names.stage,
        "endpoint_name": subject.endpoint_name,
        "mode": subject.mode,
        "version": subject.package.version,
        "package_arn": subject.package.arn,
        "source": subject.source,
        "engine": ENGINE,
        "requested_by": requested_by,
        "window": {"start": window.start.isoformat(), "end": window.end.isoformat()},
        "not_before": subject.not_before.isoformat() if subject.not_before else None,
        "lateness_hours": lateness_hours,
        "asked_at": asked_at.isoformat(),
        "ground_truth": list(ground_truth),
        "new_labels": new_labels,
        "operations": operations,
        "history": list(history),
        "report_prefix": names.report(subject.endpoint_name, window.end),
    }
