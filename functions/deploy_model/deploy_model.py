"""Whoever wants something of production comes here: approvals, rejections, rollbacks, alarms, trials, shares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.deploy_model.answers import ignored
from functions.deploy_model.approvals import Approvals
from functions.deploy_model.rollbacks import Rollbacks
from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.traffic import Traffic
from sluice.aws.production import on_the_latest_record
from sluice.errors import DefectError
from sluice.events import (
    AlarmStateChange,
    Envelope,
    ModelPackageStateChange,
    QueuedDeployment,
    RollbackRequested,
    TrafficRequested,
    TrialConcluded,
)

Once = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


@dataclass(frozen=True)
class DeployModel:
    approvals: Approvals
    rollbacks: Rollbacks
    traffic: Traffic
    rollouts: Rollouts
    once: Once
    """(key, action) → the action's result, from the first delivery of that key."""

    def handle(self, event: Envelope) -> dict[str, Any]:
        if isinstance(event, QueuedDeployment):
            return on_the_latest_record(lambda: self.rollouts.start_queued(event.detail.model))
        if isinstance(event, ModelPackageStateChange):
            reason = self.approvals.refusal(event)
            if reason:
                return ignored(reason)
            return self.once(event.idempotency_key, lambda: on_the_latest_record(lambda: self.approvals.act(event)))
        key = f"{event.detail_type}#{event.id}"
        return self.once(key, lambda: on_the_latest_record(lambda: self._act(event)))

    def _act(self, event: Envelope) -> dict[str, Any]:
        if isinstance(event, RollbackRequested):
            return self.rollbacks.on_request(event)
        if isinstance(event, AlarmStateChange):
            return self.rollbacks.on_alarm(event)
        if isinstance(event, TrafficRequested):
            return self.traffic.on_request(event)
        if isinstance(event, TrialConcluded):
            return self.traffic.on_conclusion(event)
        raise DefectError(f"DeployModel knows no {event.detail_type}")
