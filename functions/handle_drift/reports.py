"""Reads what a check wrote, within bounds."""

from dataclasses import dataclass

from sluice.aws.objects import ObjectMissingError, Objects, ObjectTooLargeError
from sluice.drift import Findings, ReportError, model_monitor_findings, read_findings
from sluice.drift.reports import Report
from sluice.errors import TransientError

LABELLED = "labelled.csv"
"""Of a check that knows the truth of some rows: what a retrain adds to the newest upload."""
_MOST_BYTES = 32 * 1024 * 1024
"""Of a report: a thousand features take about a twentieth of it."""


@dataclass(frozen=True)
class Reports:
    objects: Objects

    def read(self, report: Report) -> Findings:
        """Raises ReportError; TransientError while a part of it is not there yet.

        A job's outputs are uploaded one by one, in no order that AWS tells.
        """
        if report.kind:
            return model_monitor_findings(self._part(report, "constraint_violations.json"), report.kind)
        findings = read_findings(self._part(report, "drift.json"))
        if findings.labelled_rows and not self.objects.exists(report.key(LABELLED)):
            raise TransientError(f"the report is not complete yet: {report.key(LABELLED)} is still to come")
        return findings

    def _part(self, report: Report, name: str) -> bytes:
        try:
            return self.objects.read_at_most(report.key(name), _MOST_BYTES)
        except ObjectMissingError as error:
            raise TransientError(f"the report is not complete yet: {error}") from None
        except ObjectTooLargeError as error:
            raise ReportError(str(error)) from None
