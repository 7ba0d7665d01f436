"""A deployment counts only once the endpoint is seen to serve what was asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sluice.aws.endpoints import Endpoint, Endpoints
from sluice.aws.journal import Journal
from sluice.aws.objects import Objects
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates
from sluice.aws.registry import Registry
from sluice.definition import Model, RealTime
from sluice.errors import TransientError
from sluice.events import EndpointStateChange
from sluice.naming import model_of_group
from sluice.rollout import Ignore, Settled, on_endpoint_change


@dataclass(frozen=True)
class ActivateEndpoint:
    stage: str
    objects: Objects
    registry: Registry
    endpoints: Endpoints
    production: ProductionStates
    journal: Journal
    start_queued: Callable[[str], None]
    """Asks DeployModel for the deployment that waits for this endpoint."""

    def handle(self, event: EndpointStateChange) -> dict[str, Any]:
        """Judge what DescribeEndpoint says now; the event only tells that there is something to look at."""
        model = model_of_group(self.stage, event.detail.name)
        endpoint = self.endpoints.describe(event.detail.name) if model else None
        if model is None or endpoint is None:
            return _ignored("the endpoint is not ours or is gone")
        record = self.production.get(model)
        if record.arriving is None:
            return self._nothing_arrives(record, endpoint)
        if endpoint.last_modified < record.arriving.requested_at:
            return _ignored("the endpoint has not begun with this deployment yet")
        verdict = on_endpoint_change(
            endpoint.status, endpoint.config_name, record.arriving.config_name, endpoint.failure_reason
        )
        if isinstance(verdict, Ignore):
            return _ignored(verdict.reason)
        return self._settle(record, record.arriving, endpoint, verdict)

    def _settle(
        self, record: ProductionRecord, arriving: Deployment, endpoint: Endpoint, verdict: Settled
    ) -> dict[str, Any]:
        if verdict.outcome == "deployed":
            self._autoscale(endpoint, arriving)
        self._announce(record.model, arriving, endpoint, verdict)
        settled = record.deployed() if verdict.outcome == "deployed" else record.failed()
        if not self.production.put(settled):
            raise TransientError(f"the production record of {record.model} changed meanwhile: to be tried again")
        if settled.queued is not None:
            self.start_queued(record.model)
        return {"outcome": verdict.outcome, "reason": verdict.reason, "config": arriving.config_name}

    def _nothing_arrives(self, record: ProductionRecord, endpoint: Endpoint) -> dict[str, Any]:
        if record.queued is None or endpoint.is_busy:
            return _ignored("no deployment of ours is under way")
        self.start_queued(record.model)  # an earlier delivery was cut off before it could, or it was not ours to end
        return {"outcome": "queue started", "reason": "the endpoint has settled and a deployment waits"}

    def _autoscale(self, endpoint: Endpoint, arriving: Deployment) -> None:
        uri = self.registry.package(arriving.package.arn).metadata["definition"]
        deployment = Model.model_validate(self.objects.read_json(uri)).deployment
        if isinstance(deployment, RealTime):
            self.endpoints.scale(endpoint.name, deployment)

    def _announce(self, model: str, arriving: Deployment, endpoint: Endpoint, verdict: Settled) -> None:
        details = {"package": arriving.package.arn, "endpoint": endpoint.name, "config": arriving.config_name}
        version = arriving.package.version
        if verdict.outcome == "deployed":
            why = f"version {version} is in production: {verdict.reason}"
            self.journal.announce(model, "DEPLOYED", why, details=details, once=arriving.config_name)
        else:
            why = f"version {version} did not get into production: {verdict.reason}"
            self.journal.announce(model, "DEPLOYMENT_FAILED", why, details=details, once=arriving.config_name)


def _ignored(reason: str) -> dict[str, Any]:
    return {"outcome": "ignored", "reason": reason}
