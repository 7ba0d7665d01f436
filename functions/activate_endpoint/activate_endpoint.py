"""A deployment counts only once the endpoint is seen to serve what was asked for, and to answer as was evaluated."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.activate_endpoint.acceptance import Acceptance
from functions.activate_endpoint.trials import Trials
from functions.activate_endpoint.watching import Watching
from sluice.audit import SERVICE, Action
from sluice.aws.endpoints import Endpoint, Endpoints
from sluice.aws.event_bus import EventBus
from sluice.aws.journal import Journal
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates, on_the_latest_record
from sluice.aws.registry import Registry
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.events import EndpointReady, EndpointStateChange
from sluice.naming import group_of_endpoint, model_of_endpoint
from sluice.rollout import Ignore, Settled, on_endpoint_change

_OVERDUE = timedelta(minutes=30)
"""After so long a deployment whose beginning nobody wrote down is judged by what is there. CleanUp asks for a look."""


@dataclass(frozen=True)
class ActivateEndpoint:
    stage: str
    registry: Registry
    endpoints: Endpoints
    shared: SharedEndpoints
    production: ProductionStates
    acceptance: Acceptance
    trials: Trials
    watching: Watching
    journal: Journal
    bus: EventBus
    start_queued: Callable[[str], None]
    """Asks DeployModel for the deployment that waits for this endpoint."""
    now: Callable[[], datetime]

    def handle(self, event: EndpointStateChange | EndpointReady) -> dict[str, Any]:
        """Judge what DescribeEndpoint says now; the event only tells that there is something to look at."""
        if isinstance(event, EndpointReady):
            return self._look(event.detail.model, None)
        name = event.detail.name
        if group_of_endpoint(self.stage, name) is not None:
            answers = [self._look(model, name) for model in self.shared.waiting(name)]
            return {"outcome": "shared", "models": answers}
        model = model_of_endpoint(self.stage, name)
        return self._look(model, name) if model else _ignored("the endpoint is not ours")

    def _look(self, model: str, told_of: str | None) -> dict[str, Any]:
        return on_the_latest_record(lambda: self._judge(model, told_of))

    def _judge(self, model: str, told_of: str | None) -> dict[str, Any]:
        record = self.production.get(model)
        arriving, waiting = record.arriving, record.arriving or record.queued
        name = waiting.endpoint_name if waiting else told_of
        endpoint = self.endpoints.describe(name) if name else None
        if arriving is None:
            return self._nothing_arrives(record, endpoint)
        overdue = self.now() - arriving.requested_at > _OVERDUE
        if endpoint is None and not overdue:
            return _ignored("the endpoint is not there yet")
        if endpoint is None:
            return self._failed(record, arriving, None, Settled("failed", "the endpoint is gone"))
        done = endpoint.config_name == arriving.config_name
        told = arriving.begun and endpoint.last_modified >= arriving.requested_at
        if not done and not told and not overdue:
            return _ignored("SageMaker has not begun with this deployment yet")
        verdict = on_endpoint_change(
            endpoint.status, endpoint.config_name, arriving.config_name, endpoint.failure_reason
        )
        if isinstance(verdict, Ignore):
            return _ignored(verdict.reason)
        if verdict.outcome == "failed":
            return self._failed(record, arriving, endpoint, verdict)
        return self._serves(record, arriving, endpoint, verdict)

    def _serves(
        self, record: ProductionRecord, arriving: Deployment, endpoint: Endpoint, verdict: Settled
    ) -> dict[str, Any]:
        model = record.model
        test = self.acceptance.smoke_test(model, arriving)
        if not test.passed and not arriving.way_back:
            return self._does_not_answer(record, arriving, test.reason)
        came = self.now()  # what is captured from here on is callers', and this version's
        grace = self.acceptance.accept(model, arriving, endpoint)
        why = f"version {arriving.package.version} is in production: {verdict.reason}, and {test.reason}"
        if arriving.trial:
            why = f"version {arriving.package.version} is on trial ({arriving.trial.kind}): {verdict.reason}"
        self._announce(model, "TRIAL_STARTED" if arriving.trial else "DEPLOYED", why, arriving)
        if not test.passed:
            told = f"version {arriving.package.version} came back, but {test.reason}: it stays in service"
            self._ask(model, arriving, f"{told}. Look for a cause outside the model")
        self.trials.start(model, arriving)
        settled = record.deployed(self.now(), timedelta(minutes=grace))
        answer = self._put(settled, arriving, "deployed", why)
        self.watching.watch(settled, came)  # it counts as deployed by now, whatever becomes of this
        return answer

    def _does_not_answer(self, record: ProductionRecord, arriving: Deployment, reason: str) -> dict[str, Any]:
        """It stays what arrives: rejecting it is what brings the last good version back, by DeployModel. Unless
        another version waits: then that one comes."""
        version = arriving.package.version
        why = f"version {version} did not get into production: it serves, but failed its smoke test: {reason}"
        self._announce(record.model, "DEPLOYMENT_FAILED", why, arriving)
        if record.queued is not None:
            self._put(record.failed(self.now()), arriving, "failed", why)
        self.registry.set_approval(arriving.package.arn, "Rejected", f"smoke test: {reason}")
        return {"outcome": "failed", "reason": why, "config": arriving.config_name}

    def _failed(
        self, record: ProductionRecord, arriving: Deployment, endpoint: Endpoint | None, verdict: Settled
    ) -> dict[str, Any]:
        why = f"version {arriving.package.version} did not get into production: {verdict.reason}"
        self._announce(record.model, "DEPLOYMENT_FAILED", why, arriving)
        settled = record.failed(self.now())
        if endpoint is not None and _serves_something_else(record, endpoint):
            self._ask(
                record.model,
                arriving,
                f"endpoint {endpoint.name} is back on {endpoint.config_name}, which counts for nothing: choose what is "
                f"to serve, as by sluice traffic {record.model} --set v{arriving.package.version}=100",
            )
            settled = settled.without_live()
        answer = self._put(settled, arriving, "failed", why)
        if not arriving.way_back:
            # Nothing goes back to it by itself; a person who approves it again tries it again.
            self.registry.set_approval(arriving.package.arn, "Rejected", f"deployment failed: {verdict.reason}")
        self._leave_what_was_rejected(settled)
        return answer

    def _leave_what_was_rejected(self, record: ProductionRecord) -> None:
        """The live version may have been rejected while another one was to take its place, which did not come."""
        live = record.live
        if live is None or record.queued is not None:
            return
        if self.registry.package(live.package.arn).approval_status == "Rejected":
            wish = {"version": live.package.version, "to_version": None, "requested_by": SERVICE}
            reason = "it was rejected while another version was on its way, which did not come"
            self.bus.put("Rollback Requested", {"stage": self.stage, "model": record.model, "reason": reason, **wish})

    def _ask(self, model: str, arriving: Deployment, why: str) -> None:
        self.journal.announce(model, "HELP_NEEDED", why, once=f"{arriving.config_name}#{arriving.cause}")

    def _put(self, settled: ProductionRecord, arriving: Deployment, outcome: str, why: str) -> dict[str, Any]:
        self.production.save(settled)
        if arriving.mode == "multi-model" and settled.queued is None:
            self.shared.arrived(arriving.endpoint_name, settled.model)
        if settled.queued is not None:
            self.start_queued(settled.model)
        return {"outcome": outcome, "reason": why, "config": arriving.config_name}

    def _nothing_arrives(self, record: ProductionRecord, endpoint: Endpoint | None) -> dict[str, Any]:
        if record.queued is None and self.watching.watch(record):
            return {"outcome": "watched", "reason": "an earlier delivery did not get its schedules done"}
        if record.queued is None or (endpoint is not None and endpoint.is_busy):
            return _ignored("no deployment of ours is under way")
        self.start_queued(record.model)  # an earlier delivery was cut off before it could, or it was not ours to end
        return {"outcome": "queue started", "reason": "the endpoint has settled and a deployment waits"}

    def _announce(self, model: str, action: Action, why: str, arriving: Deployment) -> None:
        details = {
            "package": arriving.package.arn,
            "endpoint": arriving.endpoint_name,
            "config": arriving.config_name,
            "mode": arriving.mode,
        }
        # A config may come to serve twice: a way back takes the one that served before.
        self.journal.announce(model, action, why, details=details, once=f"{arriving.config_name}#{arriving.cause}")


def _serves_something_else(record: ProductionRecord, endpoint: Endpoint) -> bool:
    """Neither the live version nor a trial: what was never judged, or failed."""
    live = record.live
    if endpoint.status != "InService" or live is None or live.endpoint_name != endpoint.name:
        return False
    return endpoint.config_name not in {each.config_name for each in (live, record.trial) if each}


def _ignored(reason: str) -> dict[str, Any]:
    return {"outcome": "ignored", "reason": reason}
