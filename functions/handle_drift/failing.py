"""Checks that came to no verdict: told when they begin to fail, and then not again before one has come through."""

from dataclasses import dataclass, replace

from functions.handle_drift.judging import LOOKED_BACK
from sluice.aws.checks import Check, Checks
from sluice.aws.journal import Journal
from sluice.drift.findings import MonitorKind
from sluice.drift.reports import kind_of
from sluice.monitoring.window import hour_of


@dataclass(frozen=True)
class FailedChecks:
    stage: str
    checks: Checks
    journal: Journal

    def failed(self, check: Check, why: str) -> None:
        before = self._before(check)
        self.checks.put(replace(check, status="FAILED", summary=why))
        details = {"check_id": check.check_id, "checked": check.source}
        details |= {"job": check.job_name} if check.job_name else {}
        if before and before.status == "FAILED":
            self.journal.record(check.model, "CHECK_FAILED", why, details=details, once=check.check_id)
        else:
            self.journal.announce(check.model, "CHECK_FAILED", why, details=details, once=check.check_id)

    def _before(self, check: Check) -> Check | None:
        """The newest other check of the same traffic and kind that has ended, up to this one's."""
        kind = self._kind(check)
        return next(
            (
                each
                for each in self.checks.newest_of(check.of, check.model, LOOKED_BACK)
                if each.check_id != check.check_id
                and each.status != "RUNNING"
                and each.window_end <= check.window_end
                and self._kind(each) == kind
            ),
            None,
        )

    @staticmethod
    def _kind(check: Check) -> MonitorKind | None:
        """Model Monitor's two schedules fail each for itself, and what our own job looks at is neither's."""
        if check.engine != "model-monitor":
            return None
        return kind_of(check.model, check.check_id, hour_of(check.window_end), check.job_name)
