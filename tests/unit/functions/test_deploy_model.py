"""DeployModel and ActivateEndpoint against a SageMaker that a test steers."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import pytest

from functions.activate_endpoint.acceptance import Acceptance
from functions.activate_endpoint.activate_endpoint import ActivateEndpoint
from functions.activate_endpoint.trials import Trials
from functions.deploy_model.approvals import Approvals
from functions.deploy_model.deploy_model import DeployModel
from functions.deploy_model.preparation import Preparation
from functions.deploy_model.rollbacks import Rollbacks
from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.traffic import Traffic
from functions.deploy_model.wishes import Wishes
from sluice.alias import Alias
from sluice.aws.endpoints import Endpoint
from sluice.aws.registry import Package
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.aws.version_definitions import VersionDefinitions
from sluice.errors import TransientError
from sluice.events import (
    AlarmStateChange,
    EndpointReady,
    EndpointStateChange,
    Envelope,
    ModelPackageStateChange,
    QueuedDeployment,
    RollbackRequested,
    TrafficRequested,
    TrialConcluded,
)
from sluice.events.model_package import ApprovalStatus
from sluice.rollout import PackageRef
from sluice.serving.endpoint_config import Surroundings
from sluice.smoke_test import SmokeTest
from tests.definitions import definition
from tests.events import load_event
from tests.unit.functions.conftest import StageUnderTest

NAME = "sluice-dev-churn"


class CrashError(Exception):
    """The Lambda died here."""


def arn(version: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{NAME}/{version}"


@dataclass
class FakeRegistry:
    statuses: dict[int, ApprovalStatus] = field(default_factory=dict)
    changed_by: str = "arn:alice"
    without_definition: bool = False

    def package(self, package_arn: str) -> Package:
        version = int(package_arn.rpartition("/")[2])
        metadata = {} if self.without_definition else {"definition": f"s3://b/definitions/{version}.json"}
        ref = PackageRef(package_arn, version)
        uri, status = f"s3://b/models/{version}.tar.gz", self.statuses[version]
        return Package(ref, NAME, status, "why not", uri, "image", {}, None, metadata, self.changed_by)

    def approved(self, group: str) -> list[PackageRef]:
        return [PackageRef(arn(n), n) for n, status in sorted(self.statuses.items()) if status == "Approved"]

    def set_approval(self, package_arn: str, status: ApprovalStatus, reason: str) -> None:
        self.statuses[int(package_arn.rpartition("/")[2])] = status


@dataclass
class FakeEndpoints:
    """Endpoints as SageMaker has them; `crash_at` dies after the n-th call that changes something."""

    clock: Callable[[], datetime]
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    configs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    models: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    updates: list[tuple[Any, bool]] = field(default_factory=list)
    crash_at: int = 0

    def describe(self, name: str) -> Endpoint | None:
        return self.endpoints.get(name)

    def ensure_model(self, name: str, container: Mapping[str, Any], role_arn: str) -> None:
        if name not in self.models:
            self.models[name] = container
            self._changed(f"model {name}")

    def ensure_config(self, request: Mapping[str, Any]) -> None:
        name = request["EndpointConfigName"]
        if name not in self.configs:
            self.configs[name] = request
            self._changed(f"config {name}")

    def create(self, name: str, config_name: str) -> None:
        self.endpoints[name] = Endpoint(name, "Creating", config_name, None, self.clock())
        self._changed(f"create {config_name}")

    def update(self, name: str, config_name: str, deployment_config: Any, keep_instances: bool) -> None:
        self.endpoints[name] = replace(self.endpoints[name], status="Updating", last_modified=self.clock())
        self.updates.append((deployment_config, keep_instances))
        self._changed(f"update {config_name}")

    def delete_and_wait(self, name: str) -> None:
        del self.endpoints[name]
        self._changed(f"delete {name}")

    def settle(self, config_name: str, status: str = "InService", reason: str | None = None, name: str = NAME) -> None:
        config = self.configs.get(config_name, {})
        variants = [*config.get("ProductionVariants", []), *config.get("ShadowProductionVariants", [])]
        names = tuple(variant["VariantName"] for variant in variants)
        self.endpoints[name] = Endpoint(name, status, config_name, reason, self.clock(), names)

    def _changed(self, what: str) -> None:
        self.changes.append(what)
        if len(self.changes) == self.crash_at:
            raise CrashError(what)


@dataclass
class FakeScaling:
    scaled: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def scale(self, endpoint: str, variant: str, scaling: Any) -> None:
        if scaling is not None:
            self.scaled.append(f"{endpoint}/{variant}")

    def stop(self, endpoint: str, variants: Iterable[str]) -> None:
        self.stopped += [f"{endpoint}/{variant}" for variant in variants]


@dataclass
class FakeAlarms:
    requests: list[Mapping[str, Any]] = field(default_factory=list)

    def ensure(self, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        self.requests += requests
        return [request["AlarmName"] for request in requests]


@dataclass
class FakeAliases:
    aliases: dict[str, Alias] = field(default_factory=dict)

    def put(self, alias: Alias) -> None:
        self.aliases[alias.model] = alias


@dataclass
class FakeGolden:
    """What the endpoint answers to golden records; the targets it was asked with."""

    outcome: SmokeTest = field(default_factory=lambda: SmokeTest(True, "as evaluated"))
    asked: list[dict[str, str]] = field(default_factory=list)

    def smoke_test(self, model: str, package: Package, endpoint: str, mode: str, **target: str) -> SmokeTest:
        self.asked.append({"endpoint": endpoint, "mode": mode, **target})
        return self.outcome


@dataclass
class FakeBus:
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def put(self, detail_type: str, detail: Mapping[str, Any]) -> str:
        self.events.append((detail_type, detail))
        return "1"


@dataclass
class FakeStates:
    """Step Functions: what was started."""

    started: dict[str, Any] = field(default_factory=dict)

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803
        self.started[name] = json.loads(input)


@dataclass
class Production:
    """The two functions around one model's endpoint, and the events that reach them."""

    stage: StageUnderTest
    registry: FakeRegistry
    endpoints: FakeEndpoints
    remembered: dict[str, dict[str, Any]] = field(default_factory=dict)
    started_from_queue: list[str] = field(default_factory=list)
    scaling: FakeScaling = field(default_factory=FakeScaling)
    alarms: FakeAlarms = field(default_factory=FakeAlarms)
    aliases: FakeAliases = field(default_factory=FakeAliases)
    golden: FakeGolden = field(default_factory=FakeGolden)
    bus: FakeBus = field(default_factory=FakeBus)
    states: FakeStates = field(default_factory=FakeStates)
    events: int = 0

    def once(self, key: str, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if key not in self.remembered:
            self.remembered[key] = action()
        return self.remembered[key]

    @property
    def definitions(self) -> Any:
        registry: Any = self.registry
        return VersionDefinitions(self.stage.objects, registry)

    @property
    def shared(self) -> SharedEndpoints:
        return SharedEndpoints(self.stage.table)

    def deploy_model(self) -> DeployModel:
        stage, registry, fakes = self.stage, cast(Any, self.registry), cast(Any, self)
        wishes = Wishes("dev", registry, self.definitions, stage.clock)
        surroundings = Surroundings("b", "role", None, "arn:success", "arn:error")
        preparation = Preparation(
            surroundings, "topic", stage.objects, registry, self.definitions, fakes.endpoints, fakes.alarms
        )
        rollouts = Rollouts(
            registry,
            wishes,
            preparation,
            fakes.endpoints,
            fakes.scaling,
            stage.production,
            self.shared,
            stage.journal,
            fakes.bus,
            stage.clock,
        )
        states = stage.production
        return DeployModel(
            Approvals("dev", registry, states, wishes, rollouts, stage.journal),
            Rollbacks("dev", registry, self.definitions, states, wishes, rollouts, stage.journal),
            Traffic("dev", registry, states, wishes, rollouts, stage.journal),
            rollouts,
            self.once,
        )

    def event(self, version: int, status: ApprovalStatus, fields: tuple[str, ...] | None = None) -> Any:
        self.events += 1
        event = copy.deepcopy(load_event("model_package_state_change"))
        event["detail"] |= {
            "ModelPackageArn": arn(version),
            "ModelPackageVersion": version,
            "ModelApprovalStatus": status,
            "UpdatedModelPackageFields": list(fields or ("ModelApprovalStatus",)),
            "LastModifiedTime": self.events,
        }
        return ModelPackageStateChange.model_validate(event)

    def ask(self, event_class: type[Envelope], name: str, **detail: Any) -> dict[str, Any]:
        """One of our own events, with other details than the canonical one's."""
        self.events += 1
        event = copy.deepcopy(load_event(name))
        event["id"], event["detail"] = f"event-{self.events}", event["detail"] | detail
        return self.deploy_model().handle(event_class.model_validate(event))

    def roll_back(self, **detail: Any) -> dict[str, Any]:
        return self.ask(RollbackRequested, "rollback_requested", **{"version": None, "to_version": None, **detail})

    def decide(self, version: int, status: ApprovalStatus) -> dict[str, Any]:
        self.registry.statuses[version] = status
        return self.deploy_model().handle(self.event(version, status))

    def activate_endpoint(self) -> ActivateEndpoint:
        stage, fakes = self.stage, cast(Any, self)
        acceptance = Acceptance(fakes.registry, self.definitions, fakes.golden, fakes.scaling, fakes.aliases)
        return ActivateEndpoint(
            "dev",
            fakes.registry,
            fakes.endpoints,
            self.shared,
            stage.production,
            acceptance,
            Trials("dev", fakes.states, "arn:rollout", self.definitions),
            stage.journal,
            self.started_from_queue.append,
            stage.clock,
        )

    def endpoint_event(self, name: str = NAME) -> dict[str, Any]:
        event = copy.deepcopy(load_event("endpoint_state_change"))
        event["detail"]["EndpointName"] = name
        return self.activate_endpoint().handle(EndpointStateChange.model_validate(event))

    def ready_event(self) -> dict[str, Any]:
        """What DeployModel put on the bus last."""
        event = load_event("endpoint_ready") | {"detail": dict(self.bus.events[-1][1])}
        return self.activate_endpoint().handle(EndpointReady.model_validate(event))

    def bring_live(self, version: int, name: str = NAME) -> str:
        config: str = self.decide(version, "Approved")["config"]
        self.endpoints.settle(config, name=name)
        assert self.endpoint_event(name)["outcome"] == "deployed"
        return config

    def define(self, version: int, **deployment: Any) -> None:
        document = definition(deployment=deployment).model_dump(mode="json")
        self.stage.put(f"definitions/{version}.json", json.dumps(document))

    @property
    def live(self) -> int | None:
        deployment = self.stage.production.get("churn").live
        return deployment.package.version if deployment else None


@pytest.fixture
def production(stage: StageUnderTest) -> Production:
    for version in range(1, 5):
        document = definition().model_dump(mode="json")
        stage.put(f"definitions/{version}.json", json.dumps(document))
    return Production(stage, FakeRegistry(), FakeEndpoints(stage.clock))


def test_an_approval_creates_the_endpoint_and_counts_once_it_serves(production: Production) -> None:
    answer = production.decide(1, "Approved")
    assert production.endpoints.changes == [f"config {answer['config']}", f"create {answer['config']}"]
    assert production.endpoint_event()["outcome"] == "ignored"

    production.endpoints.settle(answer["config"])

    assert production.endpoint_event()["outcome"] == "deployed"
    assert production.stage.actions() == ["MODEL_APPROVED", "DEPLOYMENT_STARTED", "DEPLOYED"]
    assert [entry.who for entry in production.stage.log.entries("churn")] == ["arn:alice", "arn:alice", "sluice"]


def test_what_the_gate_or_the_policy_decided_is_sluices_own_act(production: Production) -> None:
    production.registry.changed_by = (
        "arn:aws:sts::1:assumed-role/sluice-dev-RegisterModelRole-X/sluice-dev-register-model"
    )

    production.decide(1, "Rejected")

    assert [(entry.action, entry.who) for entry in production.stage.log.entries("churn")] == [
        ("MODEL_REJECTED", "sluice")
    ]


def test_the_same_approval_three_times_changes_nothing_more(production: Production) -> None:
    production.registry.statuses[1] = "Approved"
    event = production.event(1, "Approved")

    answers = [production.deploy_model().handle(event) for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert len(production.endpoints.changes) == 2


def test_a_metadata_update_of_an_approved_version_is_ignored(production: Production) -> None:
    production.registry.statuses[1] = "Approved"

    answer = production.deploy_model().handle(production.event(1, "Approved", ("CustomerMetadataProperties",)))

    assert answer == {"outcome": "ignored", "reason": "only CustomerMetadataProperties changed"}
    assert production.endpoints.changes == []


def test_an_event_that_was_overtaken_is_ignored(production: Production) -> None:
    production.registry.statuses[1] = "Rejected"

    assert production.deploy_model().handle(production.event(1, "Approved"))["outcome"] == "ignored"
    assert production.endpoints.changes == []


def test_the_endpoint_event_of_an_older_deployment_does_not_judge_the_new_one(production: Production) -> None:
    first = production.bring_live(1)
    production.endpoints.crash_at = 4  # the config is made, the update is not
    production.registry.statuses[2] = "Approved"
    event = production.event(2, "Approved")
    with pytest.raises(CrashError):
        production.deploy_model().handle(event)
    production.endpoints.settle(first)
    production.endpoints.endpoint = Endpoint(
        NAME, "InService", first, None, production.stage.log.entries("churn")[0].at
    )

    assert production.endpoint_event()["outcome"] == "ignored"


@pytest.mark.parametrize("crash_at", [1, 2])
@pytest.mark.parametrize("live_first", [False, True])
def test_a_redelivery_after_a_crash_ends_in_the_same_state(
    production: Production, crash_at: int, live_first: bool
) -> None:
    if live_first:
        production.bring_live(1)
    production.endpoints.crash_at = len(production.endpoints.changes) + crash_at
    production.registry.statuses[2] = "Approved"
    event = production.event(2, "Approved")
    with pytest.raises(CrashError):
        production.deploy_model().handle(event)

    answer = production.deploy_model().handle(event)

    production.endpoints.settle(answer["config"])
    production.endpoint_event()
    live = production.stage.production.get("churn").live
    assert live is not None
    assert live.package.version == 2
    rollouts = [change for change in production.endpoints.changes if change.endswith(answer["config"])]
    assert len([change for change in rollouts if not change.startswith("config")]) == 1
    assert production.stage.actions().count("DEPLOYED") == (2 if live_first else 1)


def test_rejecting_the_live_version_goes_back_and_rejecting_it_again_does_nothing(production: Production) -> None:
    production.bring_live(1)
    production.bring_live(2)

    answer = production.decide(2, "Rejected")
    assert answer["outcome"] == "deploying"
    assert "-v1-" in answer["config"]
    production.endpoints.settle(answer["config"])
    production.endpoint_event()

    assert production.decide(2, "Rejected")["outcome"] == "ignored"
    live = production.stage.production.get("churn").live
    assert live is not None
    assert live.package.version == 1


def test_rejecting_the_only_version_asks_for_help(production: Production) -> None:
    production.bring_live(1)

    assert production.decide(1, "Rejected")["outcome"] == "help needed"
    assert production.stage.actions()[-1] == "HELP_NEEDED"


def test_a_silent_rollback_is_reported_as_a_failure_and_the_old_version_stays_live(production: Production) -> None:
    first = production.bring_live(1)
    production.decide(2, "Approved")

    production.endpoints.settle(first, reason="alarm went off")

    assert production.endpoint_event()["outcome"] == "failed"
    assert production.stage.actions()[-1] == "DEPLOYMENT_FAILED"
    live = production.stage.production.get("churn").live
    assert live is not None
    assert live.package.version == 1
    assert production.endpoint_event()["outcome"] == "ignored"


def test_an_approval_while_another_deployment_is_under_way_waits_its_turn(production: Production) -> None:
    first = production.decide(1, "Approved")["config"]
    assert production.decide(2, "Approved")["outcome"] == "queued"

    production.endpoints.settle(first)
    production.endpoint_event()

    assert production.started_from_queue == ["churn"]
    queued = QueuedDeployment.model_validate(load_event("queued_deployment"))
    second = production.deploy_model().handle(queued)
    production.endpoints.settle(second["config"])
    assert production.endpoint_event()["outcome"] == "deployed"
    assert production.deploy_model().handle(queued)["outcome"] == "ignored"


def test_an_endpoint_that_never_came_up_is_made_anew(production: Production) -> None:
    failed = production.decide(1, "Approved")["config"]
    production.endpoints.settle(failed, status="Failed", reason="no capacity")
    assert production.endpoint_event()["outcome"] == "failed"

    answer = production.decide(2, "Approved")

    assert production.endpoints.changes[-2:] == [f"delete {NAME}", f"create {answer['config']}"]


def test_a_change_of_mode_is_refused_with_what_to_do(production: Production) -> None:
    production.bring_live(1)
    document = definition(deployment={"mode": "real-time"}).model_dump(mode="json")
    production.stage.put("definitions/2.json", json.dumps(document))

    answer = production.decide(2, "Approved")

    assert answer["outcome"] == "refused"
    assert "delete that endpoint" in answer["reason"]
    assert production.stage.actions()[-1] == "DEPLOYMENT_FAILED"


def test_two_writers_of_the_production_record_do_not_overwrite_each_other(production: Production) -> None:
    record = production.stage.production.get("churn")
    assert production.stage.production.put(record)
    assert not production.stage.production.put(record)


def test_the_loser_of_a_race_is_tried_again(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    states = production.stage.production
    read_first = states.get("churn")
    states.put(read_first)

    class Overtaken:
        def get(self, model: str) -> Any:
            return read_first

        def put(self, record: Any) -> bool:
            return states.put(record)

    production.registry.statuses[1] = "Approved"
    production.stage.production = Overtaken()  # type: ignore[assignment]
    with pytest.raises(TransientError):
        production.deploy_model().handle(production.event(1, "Approved"))


def test_a_real_time_endpoint_is_scaled_once_it_serves(production: Production) -> None:
    document = definition(deployment={"mode": "real-time", "autoscaling": {}}).model_dump(mode="json")
    production.stage.put("definitions/1.json", json.dumps(document))

    production.bring_live(1)

    assert production.endpoints.scaled == [NAME]
