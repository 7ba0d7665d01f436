"""Decides what follows from a check, on what is known of the model at that moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions.handle_drift.training_data import Prospects
from sluice.aws.checks import Check, Checks
from sluice.aws.drift_retrains import DriftRetrain, DriftRetrainRecords, DriftRetrains
from sluice.aws.production import ProductionRecord, ProductionStates
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition.monitoring import Monitoring
from sluice.drift import LEAST_LABELLED_ROWS, Checked, Decision, Findings, Situation, decide
from sluice.errors import TransientError

LOOKED_BACK = 200
"""Checks, the newest ones: 24 in a row of the two kinds of Model Monitor's, with some by hand."""


@dataclass(frozen=True)
class Judge:
    production: ProductionStates
    definitions: VersionDefinitions
    checks: Checks
    retrains: DriftRetrainRecords
    prospects: Prospects
    now: Callable[[], datetime]

    def decide(self, check: Check, findings: Findings) -> Decision:
        """`check` with its findings' figures. Raises TransientError when another check's retrain came in between."""
        record = self.production.get(check.model)
        monitoring = self._monitoring(record)
        policy = monitoring.response
        now, asked = self.now(), self.retrains.get(check.model)
        situation = Situation(
            now=now,
            response=policy,
            live=record.live.package.version if record.live else None,
            check=checked(check),
            earlier=self._earlier(check),
            retrains=[each.at for each in asked.but(check.check_id)],
        )
        if policy.action == "retrain" and findings.violations:
            known = known_rows(asked.but(check.check_id), check, monitoring.lateness_hours)
            data = self.prospects.data(check.model, findings.labelled_rows, known)
            situation = replace(situation, obstacle=self.prospects.obstacle(record), data=data)
        decision = decide(situation)
        handed_over = findings.labelled_rows if findings.labelled_rows >= LEAST_LABELLED_ROWS else 0
        retrain = DriftRetrain(check.check_id, now, handed_over, check.window_end)
        if decision.response == "retrain" and not self._counted(asked, retrain):
            raise TransientError(f"another check of {check.model} asked for a retrain just now: judged again")
        return decision

    def hours_between_checks(self, model: str) -> timedelta:
        return timedelta(hours=self._monitoring(self.production.get(model)).every_hours)

    def _counted(self, asked: DriftRetrains, retrain: DriftRetrain) -> bool:
        """Before it is asked for: a function that dies in between uses one up, and never asks for one too many."""
        return asked.has(retrain.check_id) or self.retrains.add(asked, retrain)

    def _monitoring(self, record: ProductionRecord) -> Monitoring:
        if record.live is None:
            return Monitoring()  # nothing is in production: nothing follows, whatever it says
        return self.definitions.of(record.live.package.arn).monitoring

    def _earlier(self, check: Check) -> Sequence[Checked]:
        """Batches are other rows than an endpoint's requests: each has its own story."""
        return [
            checked(each)
            for each in self.checks.newest_of(check.of, check.model, LOOKED_BACK)
            if each.status == "ENDED" and each.check_id != check.check_id
        ]


def known_rows(retrains: Sequence[DriftRetrain], check: Check, lateness_hours: int) -> int:
    """As many of the check's labelled rows the last retrain that had some may have had.

    The rows have no names that last, so they are counted: all of its rows are taken to be among the check's, unless
    the check looks at later requests only.
    """
    last = max((each for each in retrains if each.labelled_rows), key=lambda each: each.at, default=None)
    if last is None or last.until is None:
        return 0
    looked_at_from = check.window_start - timedelta(hours=lateness_hours)
    return last.labelled_rows if looked_at_from < last.until else 0


def figures_of(findings: Findings) -> dict[str, Any]:
    """What is kept of a check: drift.json's trend, and what later decisions need."""
    return {
        **findings.figures,
        "judged": sorted(findings.judged),
        "drifted": sorted({(each.dimension, each.name) for each in findings.violations}),
        "rows": findings.rows,
        "labelled_rows": findings.labelled_rows,
    }


def checked(check: Check) -> Checked:
    figures: Mapping[str, Any] = check.figures
    return Checked(
        check_id=check.check_id,
        window_start=check.window_start,
        window_end=check.window_end,
        version=check.version,
        judged=frozenset(figures.get("judged", ())),
        items=frozenset((dimension, name) for dimension, name in figures.get("drifted", ())),
        told=figures.get("tells") == "DRIFT_FOUND",
        refused=figures.get("refused"),
        explains=check.engine != "model-monitor",
        asks=bool(figures.get("asks_for_a_check")),
    )
