"""From a check's report to what follows: nothing, a notice, or a retrain."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.handle_drift.acting import Acts
from functions.handle_drift.failing import FailedChecks
from functions.handle_drift.judging import LOOKED_BACK, Judge, figures_of
from functions.handle_drift.reports import Reports
from sluice.aws.checks import Check, Checks
from sluice.aws.drift_metrics import DriftMetrics
from sluice.aws.model_monitor import ModelMonitor
from sluice.aws.production import ProductionStates
from sluice.drift import Decision, Findings, ReportError, telling
from sluice.drift.reports import Report, report_of, scheduled_by
from sluice.events import ObjectCreated, ProcessingJobStateChange
from sluice.monitoring.window import hour_of
from sluice.naming import check_of_job, new_check_id, schedule_name

Answer = dict[str, Any]


@dataclass(frozen=True)
class HandleDrift:
    stage: str
    reports: Reports
    checks: Checks
    production: ProductionStates
    model_monitor: ModelMonitor
    judge: Judge
    acts: Acts
    failures: FailedChecks
    metrics: DriftMetrics
    now: Callable[[], datetime]

    def handle(self, event: ObjectCreated | ProcessingJobStateChange) -> Answer:
        if isinstance(event, ProcessingJobStateChange):
            return self._ended_badly(event)
        key = event.detail.object.key
        report = report_of(self.stage, key)
        if report is None:
            return _nothing(f"{key} is no check's report")
        check = self._check(report)
        return self._reported(check, report) if check else _nothing(f"no check {report.check_id} was asked for")

    def _reported(self, check: Check, report: Report) -> Answer:
        try:
            findings = self.reports.read(report)
        except ReportError as error:
            why = telling.unreadable(self.stage, check.model, report.prefix, str(error))
            self.failures.failed(check, why)
            return {"outcome": "failed", "check_id": check.check_id, "reason": why}
        if check.response is None:
            check = self._judged(check, report, findings)
        self.acts.follow(check, report)
        self._measure(check, report, findings)
        return {"outcome": check.response, "check_id": check.check_id, "reason": check.response_reason}

    def _judged(self, check: Check, report: Report, findings: Findings) -> Check:
        """Written down before anything is done: whoever repeats it does the same."""
        found = replace(
            check,
            status="ENDED",
            verdict=findings.verdict,
            summary=findings.summary,
            violations=tuple(each.to_json() for each in findings.violations),
            figures=figures_of(findings),
            report_prefix=report.prefix,
        )
        judged = _with(found, self.judge.decide(found, findings), self.now())
        self.checks.put(judged)
        return judged

    def _measure(self, check: Check, report: Report, findings: Findings) -> None:
        at = check.responded_at or self.now()
        if report.kind is None and check.source != "batch":  # Model Monitor publishes its own
            self.metrics.put(check.source, schedule_name(self.stage, check.model), findings, at)
        if findings.judged:  # a zero where nothing was looked at would end the alarm on the check before
            self.metrics.put_total(check.model, len(findings.violations), at)

    def _check(self, report: Report) -> Check | None:
        known = self._known(report.model, report.check_id)
        if known or report.kind is None:
            return known
        end = self.model_monitor.fired_at(report.model, report.kind, report.hour)
        return self._of_model_monitor(report.model, report.check_id, report.source, end)

    def _known(self, model: str, check_id: str) -> Check | None:
        newest = self.checks.newest(model, LOOKED_BACK)
        return next((check for check in newest if check.check_id == check_id), None) or (
            self.checks.find(model, check_id) if len(newest) == LOOKED_BACK else None
        )

    def _of_model_monitor(self, model: str, check_id: str, source: str, end: datetime) -> Check:
        """Nobody asked for it but its schedule, which is of what was live then."""
        live = self.production.get(model).live
        package = live.package if live and source in ("", live.endpoint_name) else None
        return Check(
            model=model,
            check_id=check_id,
            source=source or (live.endpoint_name if live else ""),
            engine="model-monitor",
            started_at=self.now(),
            window_start=end - self.judge.hours_between_checks(model),
            window_end=end,
            version=package.version if package else None,
            package_arn=package.arn if package else None,
        )

    def _ended_badly(self, event: ProcessingJobStateChange) -> Answer:
        job = event.detail
        check = self._behind(event)
        if check is None:
            return _nothing(f"{job.name} is no check's job")
        if job.status not in ("Failed", "Stopped") or check.status == "ENDED":
            return _nothing(f"{job.name} is {job.status}, its check {check.status}")
        reason = f"{job.name} ended as {job.status}: {job.reason}"
        why = telling.failed(self.stage, check.model, job.name, reason)
        self.failures.failed(replace(check, job_name=job.name), why)
        return {"outcome": "failed", "check_id": check.check_id, "reason": why}

    def _behind(self, event: ProcessingJobStateChange) -> Check | None:
        job = event.detail
        if job.schedule_arn is None:
            ours = check_of_job(self.stage, job.name)
            return self._known(*ours) if ours else None
        scheduled = scheduled_by(self.stage, job.schedule_arn.rpartition("/")[2])
        if scheduled is None:
            return None
        at = hour_of(event.time)
        model, check_id = scheduled[0], new_check_id(at, scheduled[0], job.name)
        known = self._known(model, check_id)
        return known or self._of_model_monitor(model, check_id, "", at)


def _with(check: Check, decision: Decision, now: datetime) -> Check:
    refused = {"refused": decision.refused.kind} if decision.refused else {}
    tells = {"tells": decision.tells} if decision.tells else {}
    asks = {"asks_for_a_check": True} if decision.asks_for_a_check else {}
    return replace(
        check,
        figures={**check.figures, **refused, **tells, **asks},
        response=decision.response,
        response_reason=decision.reason,
        responded_at=now,
    )


def _nothing(reason: str) -> Answer:
    return {"outcome": "nothing", "reason": reason}
