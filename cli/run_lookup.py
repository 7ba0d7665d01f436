"""Finds one run, and gathers what can still be found of it: histories and jobs are not kept forever."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from cli.errors import BadInputError
from cli.following.events import JobKind, RunEvent
from cli.following.history import read_history
from cli.following.jobs import job_seconds
from cli.following.one_run import document_of, lines_of, planned_jobs, steps_of
from cli.following.watching import load_history
from cli.gate_reasons import unmet
from cli.installation import Installation
from sluice.aws.objects import ObjectMissingError
from sluice.aws.runs import Run, Runs

LATEST = "latest"
_HISTORY_GONE = ("ExecutionDoesNotExist",)
JOB_GONE = ("ResourceNotFound", "ValidationException")

Found = TypeVar("Found")


def run_by_id(runs: Runs, model: str, run_id: str) -> Run:
    """Raises BadInputError with the runs that are close, or the newest ones."""
    found = next(iter(runs.newest(model, 1)), None) if run_id == LATEST else runs.get(model, run_id)
    if found is not None:
        return found
    known = [run.run_id for run in runs.newest(model)]
    named = difflib.get_close_matches(run_id, known, n=3) or known[:3]
    raise BadInputError(f"{model} has no run {run_id!r}. It has: {', '.join(named) or 'none yet'}")


@dataclass(frozen=True)
class Details:
    document: Mapping[str, Any]
    notes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        return lines_of(self.document, self.notes)


def details_of(installation: Installation, run: Run) -> Details:
    events = _events(installation, run.execution_arn)
    sagemaker = installation.aws.client("sagemaker")

    def seconds(kind: JobKind, name: str) -> float | None:
        return unless_gone(lambda: job_seconds(sagemaker, kind, name), JOB_GONE)

    steps = steps_of(events or [], planned_jobs(run.plan), seconds, run.status == "RUNNING")
    notes = () if events is not None else ("The execution's history is gone: Step Functions keeps it 90 days.",)
    return Details(document_of(run, steps, _reasons(installation, run)), notes)


def _events(installation: Installation, execution_arn: str) -> list[RunEvent] | None:
    states = installation.aws.client("stepfunctions")
    return unless_gone(lambda: read_history(load_history(states, execution_arn)), _HISTORY_GONE)


def _reasons(installation: Installation, run: Run) -> list[str]:
    folder = run.plan.get("uris", {}).get("evaluation")
    if run.verdict is None or folder is None:
        return []
    try:
        return unmet(installation.objects.read_json(f"{folder}gate.json"))
    except ObjectMissingError:
        return []


def unless_gone(ask: Callable[[], Found], gone: tuple[str, ...] = JOB_GONE) -> Found | None:
    """None where AWS answers with one of those error codes."""
    try:
        return ask()
    except ClientError as error:
        if error.response["Error"]["Code"] in gone:
            return None
        raise
