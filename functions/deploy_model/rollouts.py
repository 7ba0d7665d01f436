"""Brings a version into production. Every step may be repeated: the same deployment has the same names."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.deploy_model.answers import ignored
from functions.deploy_model.preparation import Preparation, Prepared
from functions.deploy_model.wishes import Wishes
from sluice.aws.autoscaling import VariantScaling
from sluice.aws.endpoints import Endpoint, EndpointBusyError, Endpoints
from sluice.aws.event_bus import EventBus
from sluice.aws.journal import Journal
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates
from sluice.aws.registry import Registry
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.errors import BadInputError
from sluice.naming import recall_alarm_name


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

        Raises RecordChangedError when another invocation changed the model's production record meanwhile.
        """
        record = self.production.get(model)
        endpoint = self.endpoints.describe(deployment.endpoint_name)
        if _is_under_way(record, deployment, endpoint):
            self._begun(model, deployment)
            return _deploying(deployment, "already under way")
        blocker = self._blocker(record, deployment, endpoint)
        if blocker is not None:
            return self._wait_for(blocker, record, deployment)
        deployment = self.wishes.as_things_stand(deployment, record, endpoint)
        try:
            prepared = self.preparation.prepare(model, deployment, record, endpoint)
            # Recorded before the endpoint changes, so that ActivateEndpoint knows what to expect.
            self.production.save(record.starting(deployment))
            self._audit_start(model, deployment)
            self._bring_up(model, endpoint, deployment, prepared)
        except EndpointBusyError as error:
            return self._wait_for(str(error), self.production.get(model), deployment)
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
            return ignored("no deployment waits")
        return self.start(model, replace(queued, requested_at=self.now()))

    def is_gone(self, record: ProductionRecord) -> bool:
        """Whether somebody has deleted the endpoint on which the live version is said to serve."""
        live = record.live
        if live is None or record.arriving is not None or record.queued is not None:
            return False
        return self.endpoints.describe(live.endpoint_name) is None

    def give_up(self, model: str) -> None:
        """What arrives is not to, and there is nothing to go back to: it serves on, and does not count."""
        record = self.production.get(model)
        if record.arriving is not None:
            self.production.save(record.failed(self.now()))

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
            self._begun(model, deployment)

    def _begun(self, model: str, deployment: Deployment) -> None:
        """ActivateEndpoint judges only what SageMaker has accepted. It may have done so by now."""
        record = self.production.get(model)
        if record.arriving is not None and record.arriving.cause == deployment.cause and not record.arriving.begun:
            self.production.save(record.begun())

    def _blocker(self, record: ProductionRecord, deployment: Deployment, endpoint: Endpoint | None) -> str | None:
        """What must come to its end first: a change of the endpoint, or of another one; and, unless it is a way back,
        the judgement on what arrives. Otherwise SageMaker could roll back onto a version that nobody has judged."""
        if endpoint is not None and endpoint.is_busy:
            return f"endpoint {endpoint.name}, now {endpoint.status}, has settled"
        arriving = record.arriving
        if arriving is None or arriving.cause == deployment.cause:
            return None
        if arriving.endpoint_name != deployment.endpoint_name:
            elsewhere = self.endpoints.describe(arriving.endpoint_name)
            if elsewhere is not None and elsewhere.is_busy:
                return f"endpoint {elsewhere.name}, now {elsewhere.status}, has settled"
        return None if deployment.way_back else f"version {arriving.package.version}, which arrives, is judged"

    def _wait_for(self, blocker: str, record: ProductionRecord, deployment: Deployment) -> dict[str, Any]:
        if record.queued is not None and record.queued.cause != deployment.cause:
            replaced = f"version {record.queued.package.version} does not come: {deployment.reason} instead"
            self.journal.record(record.model, "DEPLOYMENT_QUEUED", replaced, once=f"replaced#{record.queued.cause}")
        self.production.save(record.queueing(deployment))
        if deployment.mode == "multi-model":
            self.shared.wait_for(deployment.endpoint_name, record.model)
        why = f"{deployment.reason}; it waits until {blocker}"
        alarm = recall_alarm_name(deployment.endpoint_name)
        if _recalls(deployment, record.arriving) and self.preparation.alarms.ring(alarm, deployment.reason):
            why = f"{why}, whose rollout is told to go back"
        self.journal.record(record.model, "DEPLOYMENT_QUEUED", why, once=deployment.cause)
        return {"outcome": "queued", "config": deployment.config_name, "reason": why}

    def forget_queued(self, model: str) -> None:
        record = self.production.get(model)
        if record.queued is not None:
            self.production.save(replace(record, queued=None))

    def _refuse(self, model: str, deployment: Deployment, why: str) -> dict[str, Any]:
        self.production.save(self.production.get(model).refused(deployment.cause, self.now()))
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


def _is_under_way(record: ProductionRecord, deployment: Deployment, endpoint: Endpoint | None) -> bool:
    """A redelivery whose endpoint change has begun; one that was cut off before it goes on.

    The endpoint may be busy with something else, as with autoscaling.
    """
    arriving = record.arriving
    if endpoint is None or not endpoint.is_busy or arriving is None or arriving.cause != deployment.cause:
        return False
    return arriving.begun or endpoint.status == "Creating" or endpoint.pending_config == arriving.config_name


def _recalls(deployment: Deployment, arriving: Deployment | None) -> bool:
    """Whether a way back need not wait for what arrives, because that has a rollout which heeds alarms."""
    if arriving is None or arriving.endpoint_name != deployment.endpoint_name:
        return False
    return deployment.way_back and not arriving.way_back and arriving.trial is None


def _deploying(deployment: Deployment, reason: str) -> dict[str, Any]:
    return {"outcome": "deploying", "config": deployment.config_name, "reason": reason}
