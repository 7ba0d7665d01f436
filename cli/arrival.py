"""Whether an approved version has arrived in production, or what kept it from there. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluice.audit import AuditEntry
from sluice.aws.production import Deployment, ProductionRecord


@dataclass(frozen=True)
class Arrival:
    arrived: bool
    why: str


def arrival_of(package_arn: str, production: ProductionRecord, history: Sequence[AuditEntry]) -> Arrival | None:
    """None while it is still on its way. `history`: the model's audit entries, the oldest first."""
    live, trial = production.live, production.trial
    if production.arriving is None and live is not None and live.package.arn == package_arn:
        return Arrival(True, f"version {live.package.version} is in production")
    if production.arriving is None and trial is not None and trial.package.arn == package_arn:
        told = f"version {trial.package.version} is on trial beside the live one"
        verdict = trial_verdict(trial, history)
        return Arrival(True, f"{told}, and the trial is over: {verdict}" if verdict else told)
    for entry in reversed(history):
        if entry.action == "MODEL_APPROVED" and entry.details.get("package") == package_arn:
            return None  # whatever failed before was another attempt
        if entry.action == "DEPLOYMENT_FAILED" and entry.details.get("package") == package_arn:
            return Arrival(False, entry.why)
    return None


def trial_verdict(trial: Deployment, history: Sequence[AuditEntry]) -> str | None:
    """What was said of a trial that ended without a winner."""
    told = [
        entry.why
        for entry in history
        if entry.action == "TRIAL_CONCLUDED"
        and entry.details.get("package") == trial.package.arn
        and entry.at >= trial.requested_at
    ]
    return told[-1] if told else None
