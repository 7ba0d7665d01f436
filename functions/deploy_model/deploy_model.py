"""An approval becomes a deployment; a rejection of what serves becomes a way back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.deploy_model.rollouts import Rollouts
from sluice.audit import Action, decided_by
from sluice.aws.journal import Journal
from sluice.aws.production import Deployment, ProductionStates
from sluice.aws.registry import Package, Registry
from sluice.events import ModelPackageStateChange, QueuedDeployment
from sluice.naming import endpoint_config_name, model_of_group
from sluice.rollout import AskForHelp, Ignore, on_approval_change

Once = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


@dataclass(frozen=True)
class DeployModel:
    stage: str
    registry: Registry
    production: ProductionStates
    rollouts: Rollouts
    journal: Journal
    once: Once
    """(key, action) → the action's result, from the first delivery of that key."""
    now: Callable[[], datetime]

    def handle(self, event: ModelPackageStateChange | QueuedDeployment) -> dict[str, Any]:
        if isinstance(event, QueuedDeployment):
            return self.rollouts.start_queued(event.detail.model)
        model = model_of_group(self.stage, event.detail.group)
        if model is None:
            return _ignored(f"group {event.detail.group} is not of stage {self.stage}")
        if not event.announces_approval_status:
            return _ignored(f"only {', '.join(event.detail.updated_fields or ())} changed")
        return self.once(event.idempotency_key, lambda: self._act(model, event))

    def _act(self, model: str, event: ModelPackageStateChange) -> dict[str, Any]:
        package = self.registry.package(event.detail.arn)
        status, key = event.detail.approval_status, event.idempotency_key
        if package.approval_status != status:
            return _ignored(f"version {package.ref.version} is {package.approval_status} by now")
        self._audit_decision(model, package, key)
        record = self.production.get(model)
        if record.arriving is not None and record.arriving.cause == key:
            return self.rollouts.start(model, record.arriving)  # an earlier delivery was cut off half-way
        approved = self.registry.approved(event.detail.group)
        action = on_approval_change(package.ref, status, record.packages, approved)
        if isinstance(action, Ignore):
            return _ignored(action.reason)
        if isinstance(action, AskForHelp):
            self.journal.announce(model, "HELP_NEEDED", action.reason, once=key)
            return {"outcome": "help needed", "reason": action.reason}
        config = endpoint_config_name(self.stage, model, action.package.version, key)
        deployment = Deployment(action.package, config, key, action.reason, package.changed_by, self.now())
        return self.rollouts.start(model, deployment)

    def _audit_decision(self, model: str, package: Package, key: str) -> None:
        if package.approval_status == "PendingManualApproval":
            return
        action: Action = "MODEL_APPROVED" if package.approval_status == "Approved" else "MODEL_REJECTED"
        details = {"package": package.ref.arn, "version": str(package.ref.version)}
        why = package.approval_description or "no reason was given"
        self.journal.record(
            model, action, why, who=decided_by(self.stage, package.changed_by), details=details, once=key
        )


def _ignored(reason: str) -> dict[str, Any]:
    return {"outcome": "ignored", "reason": reason}
