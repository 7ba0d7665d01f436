"""One run, whole: its steps with their seconds, its jobs, what was decided and where the report lies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cli.following.events import JobKind, RunEvent, StepEnded, StepStarted
from cli.following.telling import outcome_of
from cli.output import shown, table
from sluice.aws.registry import version_of
from sluice.aws.runs import Run

# The plan's part, the step that it belongs to, the kind of its job, and the part that says which machines.
_PLANNED: Sequence[tuple[str, str, JobKind, str]] = (
    ("preprocess", "Preprocess", "processing", "preprocess"),
    ("training", "Train", "training", "training"),
    ("tuning", "Tune", "tuning", "training"),
    ("evaluate", "Evaluate", "processing", "evaluate"),
)


@dataclass(frozen=True)
class PlannedJob:
    step: str
    kind: JobKind
    name: str
    instance_type: str
    instance_count: int


@dataclass(frozen=True)
class Step:
    """`seconds` and `outcome` are None of a step that has not ended; `job_seconds` is the job's own time."""

    step: str
    outcome: str | None
    seconds: float | None
    job: PlannedJob | None = None
    job_seconds: float | None = None


def planned_jobs(plan: Mapping[str, Any]) -> list[PlannedJob]:
    found = []
    for part, step, kind, machines in _PLANNED:
        job = plan.get(part)
        if job:
            where = plan.get(machines) or {}
            found.append(
                PlannedJob(
                    step, kind, job["job_name"], where.get("instance_type", ""), int(where.get("instance_count", 1))
                )
            )
    return found


def steps_of(
    events: Sequence[RunEvent],
    jobs: Sequence[PlannedJob],
    seconds: Callable[[JobKind, str], float | None],
    is_running: bool = True,
) -> list[Step]:
    """The steps that began, in that order; behind them the other jobs of the plan.

    Of a run that goes on, those have not begun. Of one that has ended they may have: its history may be gone.
    """
    by_step = {job.step: job for job in jobs}
    ended = {event.step: event for event in events if isinstance(event, StepEnded)}
    begun = list(dict.fromkeys(event.step for event in events if isinstance(event, StepStarted)))
    waiting = [job.step for job in jobs if job.step not in begun]
    return [
        _step(name, ended.get(name), by_step.get(name), seconds if name in begun or not is_running else _unknown)
        for name in (*begun, *waiting)
    ]


def _unknown(kind: JobKind, name: str) -> None:
    return None


def _step(
    name: str,
    end: StepEnded | None,
    job: PlannedJob | None,
    seconds: Callable[[JobKind, str], float | None],
) -> Step:
    own = seconds(job.kind, job.name) if job else None
    if end is None:
        return Step(name, None, None, job, own)
    return Step(name, outcome_of(end), end.seconds, job, own)


def document_of(run: Run, steps: Sequence[Step], reasons: Sequence[str]) -> dict[str, Any]:
    """`reasons`: the gate's, of the checks that did not pass."""
    plan_uris = run.plan.get("uris", {})
    return {
        **{key: value for key, value in vars(run).items() if key != "plan"},
        "seconds": _seconds(run),
        "version": version_of(run.package_arn) if run.package_arn else None,
        "reasons": list(reasons),
        "report": f"{plan_uris['report']}report.html" if "report" in plan_uris else None,
        "steps": [asdict(step) for step in steps],
    }


def lines_of(document: Mapping[str, Any], notes: Sequence[str] = ()) -> Iterator[str]:
    """For eyes. `notes` say what could not be shown."""
    took = f", {document['seconds']:.0f} s" if document["seconds"] is not None else ""
    yield f"run       {document['run_id']} of {document['model']}: {document['status']}{took}"
    yield f"started   {shown(datetime.fromisoformat(document['started_at']))} (UTC)"
    yield f"data      {document['data_version']}"
    if document["cause"]:
        yield f"cause     {document['cause']}"
    if document["verdict"]:
        yield f"verdict   {document['verdict']}"
        yield from (f"          {reason}" for reason in document["reasons"])
    if document["version"]:
        yield f"version   v{document['version']}: sluice models {document['model']}"
        yield f"report    sluice report {document['model']} {document['version']}"
    yield ""
    if document["steps"]:
        yield table(("step", "", "seconds", "job itself", "instances", "job"), [*map(_row, document["steps"])])
    yield from notes


def _row(step: Mapping[str, Any]) -> tuple[object, ...]:
    job = step["job"]
    instances = f"{job['instance_count']} {job['instance_type']}" if job else None
    return (
        step["step"],
        step["outcome"],
        _tenths(step["seconds"]),
        _tenths(step["job_seconds"]),
        instances,
        job["name"] if job else None,
    )


def _tenths(seconds: float | None) -> str | None:
    return f"{seconds:.1f}" if seconds is not None else None


def _seconds(run: Run) -> float | None:
    if run.finished_at is None:
        return None
    return (datetime.fromisoformat(run.finished_at) - datetime.fromisoformat(run.started_at)).total_seconds()
