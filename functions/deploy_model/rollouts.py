"""Brings a version onto the model's endpoint. Every step may be repeated: the same deployment has the same names."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sluice.aws.endpoints import Endpoint, Endpoints
from sluice.aws.journal import Journal
from sluice.aws.objects import Objects
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates
from sluice.aws.registry import Registry
from sluice.definition import Model, RealTime, Serverless
from sluice.errors import TransientError
from sluice.naming import endpoint_name


@dataclass(frozen=True)
class Rollouts:
    stage: str
    role_arn: str
    kms_key_arn: str | None
    objects: Objects
    registry: Registry
    endpoints: Endpoints
    production: ProductionStates
    journal: Journal
    now: Callable[[], datetime]

    def start(self, model: str, deployment: Deployment) -> dict[str, Any]:
        """Begin the deployment, or queue it while the endpoint is busy with another.

        Raises TransientError when another invocation changed the model's production record meanwhile.
        """
        record = self.production.get(model)
        endpoint = self.endpoints.describe(endpoint_name(self.stage, model))
        if endpoint is not None and endpoint.is_busy:
            return self._wait_for(endpoint, record, deployment)
        settings = self._settings(deployment)
        if endpoint is not None and self._changes_mode(endpoint, settings.mode):
            return self._refuse(record, deployment, endpoint, settings.mode)
        self.endpoints.ensure_config(
            deployment.config_name, deployment.package.arn, self.role_arn, settings, self.kms_key_arn
        )
        # Recorded before the endpoint changes, so that ActivateEndpoint knows what to expect.
        self._save(record.starting(deployment))
        self._audit_start(model, deployment)
        self._bring_up(endpoint, endpoint_name(self.stage, model), deployment.config_name)
        return {"outcome": "deploying", "config": deployment.config_name, "reason": deployment.reason}

    def start_queued(self, model: str) -> dict[str, Any]:
        """Begin the deployment that waited for the endpoint, if it still waits."""
        queued = self.production.get(model).queued
        if queued is None:
            return {"outcome": "ignored", "reason": "no deployment waits"}
        return self.start(model, replace(queued, requested_at=self.now()))

    def _bring_up(self, endpoint: Endpoint | None, name: str, config_name: str) -> None:
        if endpoint is not None and endpoint.status == "Failed":
            self.endpoints.delete_and_wait(name)  # an endpoint that never came up cannot be updated
            endpoint = None
        if endpoint is None:
            self.endpoints.create(name, config_name)
        elif endpoint.config_name != config_name:
            self.endpoints.update(name, config_name)

    def _wait_for(self, endpoint: Endpoint, record: ProductionRecord, deployment: Deployment) -> dict[str, Any]:
        if record.arriving is not None and record.arriving.cause == deployment.cause:
            return {"outcome": "deploying", "config": deployment.config_name, "reason": "already under way"}
        self._save(record.queueing(deployment))
        why = f"{deployment.reason}; it waits until the endpoint, now {endpoint.status}, has settled"
        self.journal.record(record.model, "DEPLOYMENT_QUEUED", why, once=deployment.cause)
        return {"outcome": "queued", "config": deployment.config_name, "reason": why}

    def _changes_mode(self, endpoint: Endpoint, mode: str) -> bool:
        return endpoint.status == "InService" and self.endpoints.mode_of(endpoint.config_name) != mode

    def _refuse(
        self, record: ProductionRecord, deployment: Deployment, endpoint: Endpoint, mode: str
    ) -> dict[str, Any]:
        why = (
            f"version {deployment.package.version} asks for a {mode} endpoint, and SageMaker cannot change the mode of "
            f"{endpoint.name}: delete that endpoint, then approve the version again"
        )
        self._save(record.failed())
        details = {"package": deployment.package.arn, "endpoint": endpoint.name}
        self.journal.announce(record.model, "DEPLOYMENT_FAILED", why, details=details, once=deployment.cause)
        return {"outcome": "refused", "reason": why}

    def _settings(self, deployment: Deployment) -> Serverless | RealTime:
        """As the definition stood when this version was trained."""
        uri = self.registry.package(deployment.package.arn).metadata["definition"]
        return Model.model_validate(self.objects.read_json(uri)).deployment

    def _audit_start(self, model: str, deployment: Deployment) -> None:
        details = {"package": deployment.package.arn, "config": deployment.config_name}
        who, cause = deployment.requested_by, deployment.cause
        self.journal.record(model, "DEPLOYMENT_STARTED", deployment.reason, who=who, details=details, once=cause)

    def _save(self, record: ProductionRecord) -> None:
        if not self.production.put(record):
            raise TransientError(f"the production record of {record.model} changed meanwhile: to be tried again")
