"""Decides what follows from a check, on what is known of the model at that moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.handle_drift.training_data import Prospects
from sluice.aws.checks import Check, Checks
from sluice.aws.drift_retrains import DriftRetrainRecords, DriftRetrains
from sluice.aws.production import ProductionRecord, ProductionStates
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition.monitoring import DriftResponse
from sluice.drift import Checked, Decision, Findings, Situation, decide
from sluice.errors import TransientError

LOOKED_BACK = 200
"""Checks, the newest ones: 24 in a row of the two kinds of Model Monitor's, with some by hand and of batches."""


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
        policy = self._policy(record)
        now, asked = self.now(), self.retrains.get(check.model)
        situation = Situation(
            now=now,
            response=policy,
            live=record.live.package.version if record.live else None,
            check=checked(check),
            earlier=self._earlier(check),
            retrains=asked.at(but=check.check_id),
        )
        if policy.action == "retrain" and findings.violations:
            data = self.prospects.data(check.model, findings.labelled_rows)
            situation = replace(situation, obstacle=self.prospects.obstacle(record), data=data)
        decision = decide(situation)
        if decision.response == "retrain" and not self._counted(asked, check.check_id, now):
            raise TransientError(f"another check of {check.model} asked for a retrain just now: judged again")
        return decision

    def _counted(self, asked: DriftRetrains, check_id: str, now: datetime) -> bool:
        """Before it is asked for: a function that dies in between uses one up, and never asks for one too many."""
        return asked.has(check_id) or self.retrains.add(asked, check_id, now)

    def _policy(self, record: ProductionRecord) -> DriftResponse:
        if record.live is None:
            return DriftResponse()  # nothing is in production: nothing follows, whatever it says
        return self.definitions.of(record.live.package.arn).monitoring.response

    def _earlier(self, check: Check) -> Sequence[Checked]:
        """Batches are other rows than an endpoint's requests: each has its own story."""
        return [
            checked(each)
            for each in self.checks.newest(check.model, LOOKED_BACK)
            if each.status == "ENDED"
            and each.check_id != check.check_id
            and (each.source == "batch") == (check.source == "batch")
        ]


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
