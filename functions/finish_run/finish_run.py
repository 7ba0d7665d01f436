"""Ends a run, once, however it ended: records it, frees the lease, tells people, starts what waited meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.finish_run.request import FinishRequest
from sluice.aws.executions import Executions
from sluice.aws.journal import Journal
from sluice.aws.leases import Lease, Leases
from sluice.aws.objects import Objects
from sluice.aws.runs import Run, Runs, RunStatus
from sluice.naming import INTERMEDIATE_TAG, ModelPrefix

_INTERMEDIATE = ("input/", "train/", "validation/", "test/", "holdout/", "checkpoints/")


@dataclass(frozen=True)
class FinishRun:
    objects: Objects
    leases: Leases
    runs: Runs
    journal: Journal
    executions: Executions
    now: Callable[[], datetime]

    def handle(self, request: FinishRequest) -> dict[str, Any]:
        lease = self.leases.of_execution(request.execution_arn)
        if lease is None:
            return {"outcome": "nothing", "reason": request.reason or "this execution never asked for a lease"}
        run = self.runs.get(lease.model, lease.run_id)
        if run is not None and run.status == "RUNNING":
            self._record(run, request)
        released = self.leases.release(lease)
        if run is None:
            return self._never_planned(lease, released, request)
        started = self._start_waiting(lease)
        return {"outcome": request.outcome, "run_id": run.run_id, "reason": request.reason, "started": started}

    def _record(self, run: Run, request: FinishRequest) -> None:
        """Everything here may be repeated; the run's own end is written last, so a crash before it loses nothing."""
        details = {"run_id": run.run_id, "data_version": run.data_version}
        status: RunStatus = "SUCCEEDED" if request.outcome == "succeeded" else "FAILED"
        if status == "SUCCEEDED":
            details |= {"package": request.package_arn or "", "verdict": request.verdict or ""}
            why = f"run {run.run_id} ended with verdict {request.verdict}"
            self.journal.record(run.model, "RUN_FINISHED", why, details=details, once=run.run_id)
        else:
            self._tell_of_failure(run, request.reason, details)
        self._tag_intermediates(run)
        self.runs.finish(run, status, request.verdict, request.package_arn, request.reason or None)

    def _tell_of_failure(self, run: Run, reason: str, details: dict[str, str]) -> None:
        """Once: what was to end drift is a call for help."""
        drift = run.plan.get("drift")
        if not drift:
            self.journal.announce(run.model, "RUN_FAILED", reason, details=details, once=run.run_id)
            return
        self.journal.record(run.model, "RUN_FAILED", reason, details=details, once=run.run_id)
        why = f"drift goes on, and run {run.run_id}, which was to train for it, failed: {reason}"
        details = {**details, "check_id": drift["check_id"]}
        self.journal.announce(run.model, "HELP_NEEDED", why, details=details, once=f"drift#{run.run_id}")

    def _tag_intermediates(self, run: Run) -> None:
        prefix = ModelPrefix(run.model).run(run.run_id)
        for folder in _INTERMEDIATE:
            for key in self.objects.keys(f"{prefix}{folder}"):
                self.objects.tag(key, INTERMEDIATE_TAG)

    def _never_planned(self, lease: Lease, held: bool, request: FinishRequest) -> dict[str, Any]:
        # Its upload is still waiting. Starting it at once would fail the same way, again and again.
        if held and request.outcome == "failed":
            why = f"no run could be planned: {request.reason}. The upload waits; the model's next upload tries again"
            self.journal.announce(lease.model, "RUN_FAILED", why, once=lease.execution_arn)
        return {"outcome": "nothing", "reason": request.reason or "this execution planned no run"}

    def _start_waiting(self, lease: Lease) -> str | None:
        if self.leases.waiting(lease.model) is None:
            return None
        return self.executions.start_waiting_upload(lease.model, lease.run_id, self.now())
