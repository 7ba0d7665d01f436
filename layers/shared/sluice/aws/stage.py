"""One deployed stage: its bucket, table, topic and registry, each adapter made when it is first used."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from sluice.audit import Action
from sluice.aws import clients, clock
from sluice.aws.aliases import Aliases
from sluice.aws.audit_log import AuditLog
from sluice.aws.autoscaling import VariantScaling
from sluice.aws.checks import Checks
from sluice.aws.drift_metrics import DriftMetrics
from sluice.aws.drift_retrains import DriftRetrainRecords
from sluice.aws.endpoint_alarms import EndpointAlarms
from sluice.aws.endpoints import Endpoints
from sluice.aws.event_bus import EventBus
from sluice.aws.golden_requests import GoldenRequests
from sluice.aws.journal import Journal
from sluice.aws.leases import Leases
from sluice.aws.leftovers import Leftovers
from sluice.aws.model_monitor import ModelMonitor
from sluice.aws.notifications import Notifications
from sluice.aws.objects import Objects
from sluice.aws.production import ProductionStates
from sluice.aws.registry import Registry
from sluice.aws.runs import Runs
from sluice.aws.schedules import Schedules
from sluice.aws.settings import Settings, settings
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.aws.table import StateTable, state_table
from sluice.aws.training_jobs import TrainingJobs
from sluice.aws.transform_jobs import TransformJobs
from sluice.aws.version_definitions import VersionDefinitions
from sluice.aws.watched import WatchedModels


@dataclass(frozen=True)
class Stage:
    settings: Settings
    count: Callable[[Action, str], None]

    @cached_property
    def objects(self) -> Objects:
        return Objects(clients.s3(), self.settings.bucket)

    @cached_property
    def table(self) -> StateTable:
        return state_table(self.settings.state_table)

    @cached_property
    def leases(self) -> Leases:
        return Leases(self.table, clock.now)

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.table, clock.now)

    @cached_property
    def production(self) -> ProductionStates:
        return ProductionStates(self.table, clock.now)

    @cached_property
    def checks(self) -> Checks:
        return Checks(self.table, clock.now)

    @cached_property
    def drift_retrains(self) -> DriftRetrainRecords:
        return DriftRetrainRecords(self.table)

    @cached_property
    def drift_metrics(self) -> DriftMetrics:
        return DriftMetrics(clients.cloudwatch(), self.settings.stage)

    @cached_property
    def watched(self) -> WatchedModels:
        return WatchedModels(self.table, clock.now)

    @cached_property
    def schedules(self) -> Schedules:
        return Schedules(clients.scheduler(), self.settings.stage)

    @cached_property
    def model_monitor(self) -> ModelMonitor:
        return ModelMonitor(clients.sagemaker(), self.settings.stage)

    @cached_property
    def registry(self) -> Registry:
        return Registry(clients.sagemaker(), self.settings.registry_account or None)

    @cached_property
    def training_jobs(self) -> TrainingJobs:
        return TrainingJobs(clients.sagemaker())

    @cached_property
    def transform_jobs(self) -> TransformJobs:
        return TransformJobs(clients.sagemaker(), clients.logs())

    @cached_property
    def endpoints(self) -> Endpoints:
        return Endpoints(clients.sagemaker())

    @cached_property
    def scaling(self) -> VariantScaling:
        return VariantScaling(clients.autoscaling(), clients.cloudwatch())

    @cached_property
    def alarms(self) -> EndpointAlarms:
        return EndpointAlarms(clients.cloudwatch())

    @cached_property
    def aliases(self) -> Aliases:
        return Aliases(clients.ssm(), self.settings.stage)

    @cached_property
    def event_bus(self) -> EventBus:
        return EventBus(clients.events())

    @cached_property
    def shared_endpoints(self) -> SharedEndpoints:
        return SharedEndpoints(self.table)

    @cached_property
    def definitions(self) -> VersionDefinitions:
        return VersionDefinitions(self.objects, self.registry)

    @cached_property
    def golden_requests(self) -> GoldenRequests:
        return GoldenRequests(self.objects, clients.sagemaker_runtime(read_timeout=25, attempts=1), time.sleep)

    @cached_property
    def leftovers(self) -> Leftovers:
        return Leftovers(clients.sagemaker(), self.scaling, clients.cloudwatch(), self.settings.stage)

    @cached_property
    def journal(self) -> Journal:
        notifications = Notifications(clients.sns(), self.settings.topic_arn)
        return Journal(AuditLog(self.table), notifications, clock.now, self.count)


@cache
def current_stage() -> Stage:
    """The stage that this Lambda belongs to."""
    from sluice.aws.entry_point import count

    return Stage(settings(), count)
