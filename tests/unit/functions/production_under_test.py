"""DeployModel and ActivateEndpoint around one model, and the SageMaker that a test steers."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from functions.activate_endpoint.acceptance import Acceptance
from functions.activate_endpoint.activate_endpoint import ActivateEndpoint
from functions.activate_endpoint.trials import Trials
from functions.activate_endpoint.watching import Watching
from functions.deploy_model.approvals import Approvals
from functions.deploy_model.deploy_model import DeployModel
from functions.deploy_model.preparation import Preparation
from functions.deploy_model.rollbacks import Rollbacks
from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.traffic import Traffic
from functions.deploy_model.wishes import Wishes
from sluice.alias import Alias
from sluice.aws.endpoints import Endpoint
from sluice.aws.model_monitor import ModelMonitor
from sluice.aws.registry import Package
from sluice.aws.schedules import Schedules
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.aws.version_definitions import VersionDefinitions
from sluice.aws.watched import WatchedModels
from sluice.events import (
    EndpointReady,
    EndpointStateChange,
    Envelope,
    ModelPackageStateChange,
    RollbackRequested,
)
from sluice.events.model_package import ApprovalStatus
from sluice.monitoring.wishes import Account
from sluice.rollout import PackageRef
from sluice.serving.endpoint_config import Surroundings
from sluice.smoke_test import SmokeTest
from tests.definitions import definition
from tests.events import load_event
from tests.fakes.schedules import FakeMonitors, FakeScheduler

if TYPE_CHECKING:
    from tests.unit.functions.conftest import StageUnderTest

NAME = "sluice-dev-churn"
ACCOUNT = Account(
    stage="dev",
    bucket="sluice-dev-123456789012-us-east-1",
    region="us-east-1",
    run_monitor_arn="arn:aws:lambda:us-east-1:123456789012:function:sluice-dev-run-monitor",
    scheduler_role_arn="arn:aws:iam::123456789012:role/scheduler",
    dead_letters_arn="arn:aws:sqs:us-east-1:123456789012:sluice-dev-event-dead-letters",
    job_role_arn="arn:aws:iam::123456789012:role/sagemaker",
    analyzer_image="156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer",
    kms_key_arn=None,
)


class CrashError(Exception):
    """The Lambda died here."""


_BUCKET = "sluice-dev-123456789012-us-east-1"
"""The stage's, where its versions lie."""


def arn(version: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{NAME}/{version}"


@dataclass
class FakeRegistry:
    statuses: dict[int, ApprovalStatus] = field(default_factory=dict)
    changed_by: str = "arn:alice"
    without_definition: bool = False
    with_baseline: bool = False
    threshold: str | None = "0.37"

    def package(self, package_arn: str) -> Package:
        version = int(package_arn.rpartition("/")[2])
        metadata = {} if self.without_definition else {"definition": f"s3://{_BUCKET}/definitions/{version}.json"}
        metadata |= {"threshold": self.threshold} if self.threshold else {}
        ref = PackageRef(package_arn, version)
        uri, status = f"s3://{_BUCKET}/models/{version}.tar.gz", self.statuses[version]
        run = f"s3://{_BUCKET}/models/churn/runs/r{version}"
        return Package(
            ref,
            NAME,
            status,
            "why not",
            uri,
            "image",
            {},
            f"{run}/baseline/statistics.json" if self.with_baseline else None,
            metadata,
            self.changed_by,
            quality_constraints_uri=f"{run}/evaluation/quality_constraints.json" if self.with_baseline else None,
        )

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
    refusal: Exception | None = None
    """What SageMaker says to UpdateEndpoint, where it does not want to."""
    model_refusal: Exception | None = None
    """The same of CreateModel."""

    def describe(self, name: str) -> Endpoint | None:
        return self.endpoints.get(name)

    def ensure_model(self, name: str, container: Mapping[str, Any], role_arn: str) -> None:
        if self.model_refusal:
            raise self.model_refusal
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
        if self.refusal:
            raise self.refusal
        self.endpoints[name] = replace(
            self.endpoints[name], status="Updating", last_modified=self.clock(), pending_config=config_name
        )
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
    rung: dict[str, bool] = field(default_factory=dict)
    """The alarms that end rollouts, and whether each has been set off."""

    def ensure(self, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        self.requests += requests
        return [request["AlarmName"] for request in requests]

    def arm(self, request: Mapping[str, Any]) -> str:
        name: str = request["AlarmName"]
        self.rung[name] = False
        return name

    def ring(self, name: str, why: str) -> bool:
        if name not in self.rung:
            return False
        self.rung[name] = True
        return True


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

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:
        self.started[name] = json.loads(input)


@dataclass
class Production:
    """The two functions around one model's endpoint, and the events that reach them."""

    stage: "StageUnderTest"
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
    scheduler: FakeScheduler = field(default_factory=FakeScheduler)
    monitors: FakeMonitors = field(default_factory=FakeMonitors)
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

    def ask(self, event_class: type[Envelope], name: str, at: datetime | None = None, **detail: Any) -> dict[str, Any]:
        """One of our own events, with other details than the canonical one's."""
        self.events += 1
        event = copy.deepcopy(load_event(name))
        event["id"], event["detail"] = f"event-{self.events}", event["detail"] | detail
        event["time"] = (at or self.stage.clock()).isoformat()
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
            self.watching(),
            stage.journal,
            fakes.bus,
            self.started_from_queue.append,
            stage.clock,
        )

    @property
    def watched(self) -> WatchedModels:
        return WatchedModels(self.stage.table, self.stage.clock)

    def watching(self) -> Watching:
        fakes = cast(Any, self)
        return Watching(
            ACCOUNT,
            fakes.registry,
            self.definitions,
            self.watched,
            Schedules(fakes.scheduler, "dev"),
            ModelMonitor(fakes.monitors, "dev"),
            self.stage.journal,
            self.stage.clock,
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

    def define(self, version: int, monitoring: Mapping[str, Any] | None = None, **deployment: Any) -> None:
        document = definition(deployment=deployment, monitoring=monitoring or {}).model_dump(mode="json")
        self.stage.put(f"definitions/{version}.json", json.dumps(document))

    @property
    def live(self) -> int | None:
        deployment = self.stage.production.get("churn").live
        return deployment.package.version if deployment else None
