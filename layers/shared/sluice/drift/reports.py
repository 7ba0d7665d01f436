"""Which check a report or a job belongs to, by its name."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sluice.drift.findings import MonitorKind
from sluice.naming import CHECK_ID_PATTERN, MODEL_NAME_PATTERN, new_check_id

_HOUR = r"(?P<hour>\d{4}/\d{2}/\d{2}/\d{2})"
_CHECK = rf"(?P<check>{CHECK_ID_PATTERN})"
_REPORT = r"models/(?P<model>[^/]+)/monitoring/reports/(?P<source>[^/]+)/"
_OURS = re.compile(rf"(?P<prefix>{_REPORT}{_HOUR}/{_CHECK}/)constraint_violations\.json$")
_MODEL_MONITORS = re.compile(rf"(?P<prefix>{_REPORT}(?P<schedule>[^/]+)/{_HOUR}/)constraint_violations\.json$")
_MODEL = MODEL_NAME_PATTERN.strip("^$")
_KIND = r"(?P<kind>data-quality|model-quality)"
_JOBS: dict[MonitorKind, tuple[str, ...]] = {
    "data-quality": ("data-quality-",),
    "model-quality": ("model-quality-", "groundtruth-merge-"),
}
"""How the names of the jobs of Model Monitor's schedules begin; model quality has two."""


@dataclass(frozen=True)
class Report:
    """One check's output. kind: of Model Monitor's; None of our own monitor.py's."""

    model: str
    source: str
    """The endpoint's name; "batch" of a batch."""
    prefix: str
    check_id: str
    hour: datetime
    """Under which it lies: of Model Monitor's the one that the schedule fired in."""
    kind: MonitorKind | None = None

    @property
    def engine(self) -> str:
        return "model-monitor" if self.kind else "scheduled-job"

    def key(self, name: str) -> str:
        return f"{self.prefix}{name}"


def report_of(stage: str, key: str) -> Report | None:
    """The report that a constraint_violations.json belongs to; None where neither engine writes it so."""
    found = _OURS.match(key)
    if found:
        return Report(found["model"], found["source"], found["prefix"], found["check"], _hour(found["hour"]))
    found = _MODEL_MONITORS.match(key)
    scheduled = scheduled_by(stage, found["schedule"]) if found else None
    if found is None or scheduled is None or scheduled[0] != found["model"]:
        return None
    model, kind = scheduled
    hour = _hour(found["hour"])
    return Report(model, found["source"], found["prefix"], new_check_id(hour, model, kind), hour, kind)


def scheduled_by(stage: str, schedule: str) -> tuple[str, MonitorKind] | None:
    """(model, kind) behind the name of a Model Monitor schedule; None where it is not one of this stage's."""
    found = re.fullmatch(rf"sluice-{re.escape(stage)}-(?P<model>{_MODEL})-{_KIND}", schedule)
    if found is None:
        return None
    return found["model"], "data-quality" if found["kind"] == "data-quality" else "model-quality"


def kind_of(model: str, check_id: str, hour: datetime, job: str | None) -> MonitorKind | None:
    """Of a check of Model Monitor's, by its job, else as report_of() called it. None where neither tells."""
    if job:
        return next((kind for kind, begins in _JOBS.items() if job.startswith(begins)), None)
    return next((kind for kind in _JOBS if new_check_id(hour, model, kind) == check_id), None)


def _hour(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d/%H").replace(tzinfo=UTC)
