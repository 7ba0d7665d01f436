"""Brings a version into production. Every step may be repeated: the same deployment has the same names."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.deploy_model.preparation import Preparation, Prepared
from functions.deploy_model.wishes import Wishes
from sluice.aws.autoscaling import VariantScaling
from sluice.aws.endpoints import Endpoint, Endpoints
from sluice.aws.event_bus import EventBus
from sluice.aws.journal import Journal
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates
from sluice.aws.registry import Registry
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.errors import BadInputError, TransientError


@dataclass(frozen=True)
class Rollouts:
    registry: Registry
    wishes: Wishes
    preparation: Preparation
    endpoints: Endpoints
    scaling: VariantScaling
    production: ProductionStates
    shared: SharedEndpoints
    journal: Journal
    bus: EventBus
    now: Callable[[], datetime]

    def start(self, model: str, deployment: Deployment) -> dict[str, Any]:
        """Begin the deployment, or queue it while the endpoint is busy with another.

        Raises TransientError when another invocation changed the model's production record meanwhile.
        """
        record = self.production.get(model)
        endpoint = self.endpoints.describe(deployment.endpoint_name)
        if _is_under_way(record, deployment, endpoint):
            return _deploying(deployment, "already under way")
        busy = self._busy(record, endpoint)
        if busy is not None:
            return self._wait_for(busy, record, deployment)
        deployment = self.wishes.as_things_stand(deployment, record, endpoint)
        try:
            prepared = self.preparation.prepare(model, deployment, record, endpoint)
            # Recorded before the endpoint changes, so that ActivateEndpoint knows what to expect.
            self._save(record.starting(deployment))
            self._audit_start(model, deployment)
            self._bring_up(model, endpoint, deployment, prepared)
        except BadInputError as error:
            return self._refuse(model, deployment, str(error))
        return _deploying(deployment, deployment.reason)

    def go_back(self, model: str, deployment: Deployment, why: str) -> dict[str, Any]:
        """The version that left is rejected, so that nothing ever goes back to it; afterwards, because that too is an
        event that asks for a way back."""
        answer = self.start(model, deployment)
        self.reject_what_left(deployment, why)
        return answer

    def reject_what_left(self, deployment: Deployment, why: str) -> None:
        left = deployment.leaves
        if left is not None and self.registry.package(left.arn).approval_status != "Rejected":
            self.registry.set_approval(left.arn, "Rejected", why)

    def start_queued(self, model: str) -> dict[str, Any]:
        """Begin the deployment that waited for the endpoint, if it still waits."""
        queued = self.production.get(model).queued
        if queued is None:
            return {"outcome": "ignored", "reason": "no deployment waits"}
        return self.start(model, replace(queued, requested_at=self.now()))

    def give_up(self, model: str) -> None:
        """What arrives is not to, and there is nothing to go back to: it serves on, and does not count."""
        record = self.production.get(model)
        if record.arriving is not None:
            self._save(record.failed(self.now()))

    def _bring_up(self, model: str, endpoint: Endpoint | None, deployment: Deployment, prepared: Prepared) -> None:
        name, config = deployment.endpoint_name, deployment.config_name
        if deployment.mode == "multi-model":
            self.shared.wait_for(name, model)
        if endpoint is not None and endpoint.status == "Failed":
            self.endpoints.delete_and_wait(name)  # an endpoint that never came up cannot be updated
            endpoint = None
        if endpoint is None:
            self.endpoints.create(name, config)
        elif endpoint.config_name == config:
            self.bus.put("Endpoint Ready", {"stage": self.wishes.stage, "model": model})
        else:
            self.scaling.stop(name, [each for each in endpoint.variants if each not in prepared.variants])
            self.endpoints.update(name, config, prepared.deployment_config, prepared.keep_instances)

    def _busy(self, record: ProductionRecord, endpoint: Endpoint | None) -> Endpoint | None:
        """What must settle first: the endpoint itself, or another one on which something arrives."""
        if endpoint is not None and endpoint.is_busy:
            return endpoint
        other = record.arriving.endpoint_name if record.arriving else None
        if other is None or (endpoint is not None and other == endpoint.name):
            return None
        elsewhere = self.endpoints.describe(other)
        return elsewhere if elsewhere is not None and elsewhere.is_busy else None

    def _wait_for(self, endpoint: Endpoint, record: ProductionRecord, deployment: Deployment) -> dict[str, Any]:
        self._save(record.queueing(deployment))
        if deployment.mode == "multi-model":
            self.shared.wait_for(endpoint.name, record.model)
        why = f"{deployment.reason}; it waits until endpoint {endpoint.name}, now {endpoint.status}, has settled"
        self.journal.record(record.model, "DEPLOYMENT_QUEUED", why, once=deployment.cause)
        return {"outcome": "queued", "config": deployment.config_name, "reason": why}

    def _refuse(self, model: str, deployment: Deployment, why: str) -> dict[str, Any]:
        self._save(self.production.get(model).failed(self.now()))
        details = {"package": deployment.package.arn, "endpoint": deployment.endpoint_name}
        told = f"version {deployment.package.version} did not get into production: {why}"
        self.journal.announce(model, "DEPLOYMENT_FAILED", told, details=details, once=deployment.cause)
        if not deployment.way_back:
            self.registry.set_approval(deployment.package.arn, "Rejected", f"deployment failed: {why}")
        return {"outcome": "refused", "reason": why}

    def _audit_start(self, model: str, deployment: Deployment) -> None:
        details = {
            "package": deployment.package.arn,
            "config": deployment.config_name,
            "endpoint": deployment.endpoint_name,
            "mode": deployment.mode,
        }
        if deployment.trial:
            details |= {"trial": deployment.trial.kind, "champion": deployment.trial.champion.arn}
        who, cause = deployment.requested_by, deployment.cause
        self.journal.record(model, "DEPLOYMENT_STARTED", deployment.reason, who=who, details=details, once=cause)

    def _save(self, record: ProductionRecord) -> None:
        if not self.production.put(record):
            raise TransientError(f"the production record of {record.model} changed meanwhile: to be tried again")


def _is_under_way(record: ProductionRecord, deployment: Deployment, endpoint: Endpoint | None) -> bool:
    """A redelivery whose endpoint change has begun; one that was cut off before it goes on."""
    arriving = record.arriving
    begun = endpoint is not None and endpoint.is_busy
    return begun and arriving is not None and arriving.cause == deployment.cause


def _deploying(deployment: Deployment, reason: str) -> dict[str, Any]:
    return {"outcome": "deploying", "config": deployment.config_name, "reason": reason}
