"""One deployed stage: its bucket, table, topic and registry, each adapter made when it is first used."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from sluice.audit import Action
from sluice.aws import clients, clock
from sluice.aws.aliases import Aliases
from sluice.aws.audit_log import AuditLog
from sluice.aws.endpoints import Endpoints
from sluice.aws.journal import Journal
from sluice.aws.leases import Leases
from sluice.aws.leftovers import Leftovers
from sluice.aws.notifications import Notifications
from sluice.aws.objects import Objects
from sluice.aws.production import ProductionStates
from sluice.aws.registry import Registry
from sluice.aws.runs import Runs
from sluice.aws.settings import Settings, settings
from sluice.aws.table import StateTable, state_table
from sluice.aws.training_jobs import TrainingJobs


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
    def registry(self) -> Registry:
        return Registry(clients.sagemaker())

    @cached_property
    def training_jobs(self) -> TrainingJobs:
        return TrainingJobs(clients.sagemaker())

    @cached_property
    def endpoints(self) -> Endpoints:
        return Endpoints(clients.sagemaker(), clients.autoscaling())

    @cached_property
    def aliases(self) -> Aliases:
        return Aliases(clients.ssm(), self.settings.stage)

    @cached_property
    def leftovers(self) -> Leftovers:
        return Leftovers(clients.sagemaker(), clients.autoscaling(), clients.cloudwatch(), self.settings.stage)

    @cached_property
    def journal(self) -> Journal:
        notifications = Notifications(clients.sns(), self.settings.topic_arn)
        return Journal(AuditLog(self.table), notifications, clock.now, self.count)


@cache
def current_stage() -> Stage:
    """The stage that this Lambda belongs to."""
    from sluice.aws.entry_point import count

    return Stage(settings(), count)
