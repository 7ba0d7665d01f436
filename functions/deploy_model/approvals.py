"""An approval becomes a deployment; a rejection of what serves becomes a way back."""

from dataclasses import dataclass
from typing import Any

from functions.deploy_model.answers import ignored
from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.wishes import Wishes
from sluice.audit import Action, decided_by
from sluice.aws.journal import Journal
from sluice.aws.production import ProductionStates
from sluice.aws.registry import Package, Registry
from sluice.errors import BadInputError
from sluice.events import ModelPackageStateChange
from sluice.naming import model_of_group
from sluice.rollout import AskForHelp, Forget, Ignore, on_approval_change


@dataclass(frozen=True)
class Approvals:
    stage: str
    registry: Registry
    production: ProductionStates
    wishes: Wishes
    rollouts: Rollouts
    journal: Journal

    def refusal(self, event: ModelPackageStateChange) -> str | None:
        """Why there is nothing to do, by the event alone."""
        if model_of_group(self.stage, event.detail.group) is None:
            return f"group {event.detail.group} is not of stage {self.stage}"
        if not event.announces_approval_status:
            return f"only {', '.join(event.detail.updated_fields or ())} changed"
        return None

    def act(self, event: ModelPackageStateChange) -> dict[str, Any]:
        model = event.detail.group.removeprefix(f"sluice-{self.stage}-")
        package = self.registry.package(event.detail.arn)
        status, key = event.detail.approval_status, event.idempotency_key
        if package.approval_status != status:
            return ignored(f"version {package.ref.version} is {package.approval_status} by now")
        self._audit_decision(model, package, key)
        record = self.production.get(model)
        if record.arriving is not None and record.arriving.cause == key:
            return self.rollouts.start(model, record.arriving)  # an earlier delivery was cut off half-way
        if status == "Approved" and record.packages.intended == package.ref and self.rollouts.is_gone(record):
            record = record.without_live()
        approved = self.registry.approved(event.detail.group)
        action = on_approval_change(package.ref, status, record.packages, approved)
        if isinstance(action, Ignore):
            return ignored(action.reason)
        if isinstance(action, Forget):
            self.rollouts.forget_queued(model)
            return ignored(action.reason)
        if isinstance(action, AskForHelp):
            self.rollouts.give_up(model)
            self.journal.announce(model, "HELP_NEEDED", action.reason, once=key)
            return {"outcome": "help needed", "reason": action.reason}
        try:
            deployment = self.wishes.of(model, action, record, key, package.changed_by)
        except BadInputError as error:
            details = {"package": package.ref.arn}
            self.journal.announce(model, "DEPLOYMENT_FAILED", str(error), details=details, once=key)
            return {"outcome": "refused", "reason": str(error)}
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
