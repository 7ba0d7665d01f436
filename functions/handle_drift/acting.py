"""Does what was decided. Everything here may be repeated: what is decided stands in the check by then."""

from dataclasses import dataclass

from sluice.audit import Action
from sluice.aws.checks import Check
from sluice.aws.event_bus import EventBus
from sluice.aws.journal import Journal
from sluice.aws.objects import Objects
from sluice.drift import LEAST_LABELLED_ROWS, telling
from sluice.drift.reports import Report
from sluice.review import LINK_SECONDS

_LONGEST_REASON = 1024


@dataclass(frozen=True)
class Acts:
    stage: str
    objects: Objects
    events: EventBus
    journal: Journal

    def follow(self, check: Check, report: Report) -> None:
        action: Action | None = check.figures.get("tells")
        if action:
            self._tell(check, report, action)
        if check.figures.get("asks_for_a_check"):
            asked_by = f"model-monitor check {check.check_id}"
            until = check.window_end.isoformat()  # the same check, however often it is asked for
            detail = {"stage": self.stage, "model": check.model, "requested_by": asked_by, "until": until}
            self.events.put("Check Requested", detail)
        if check.response == "retrain":
            self._retrain(check, report)

    def _tell(self, check: Check, report: Report, action: Action) -> None:
        page = "drift.html" if report.kind is None else "constraint_violations.json"
        link = self.objects.presigned(report.key(page), LINK_SECONDS)
        self.journal.announce(
            check.model,
            action,
            telling.found(check.summary or "", check.response_reason or "", check.source),
            details=_details(check),
            once=check.check_id,
            link=telling.report_link(self.stage, check.model, link),
        )

    def _retrain(self, check: Check, report: Report) -> None:
        """A second event of the same check starts no second run: StartRun claims it."""
        reason = (check.response_reason or "")[:_LONGEST_REASON]
        rows: int = check.figures.get("labelled_rows", 0)
        labelled = {"labelled_key": report.key("labelled.csv"), "labelled_rows": rows}
        self.events.put(
            "Retrain Requested",
            {
                "stage": self.stage,
                "model": check.model,
                "check_id": check.check_id,
                "reason": reason,
                "requested_by": "sluice",
                **(labelled if rows >= LEAST_LABELLED_ROWS else {}),
            },
        )
        self.journal.record(check.model, "RETRAIN_REQUESTED", reason, details=_details(check), once=check.check_id)


def _details(check: Check) -> dict[str, str]:
    about = {"check_id": check.check_id, "version": f"v{check.version}", "checked": check.source}
    return {**about, "package": check.package_arn} if check.package_arn else about
