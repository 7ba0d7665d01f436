"""Everything that changes production: approved versions come, rejected ones leave, traffic is split between two."""

from functools import cache, partial
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, TypeAdapter

from functions.deploy_model.approvals import Approvals
from functions.deploy_model.deploy_model import DeployModel
from functions.deploy_model.preparation import Preparation
from functions.deploy_model.rollbacks import Rollbacks
from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.traffic import Traffic
from functions.deploy_model.wishes import Wishes
from sluice.aws import clock
from sluice.aws.claims import once
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import Stage, current_stage
from sluice.events import (
    AlarmStateChange,
    ModelPackageStateChange,
    QueuedDeployment,
    RollbackRequested,
    TrafficRequested,
    TrialConcluded,
)
from sluice.serving.endpoint_config import Surroundings

_Event = (
    ModelPackageStateChange
    | QueuedDeployment
    | RollbackRequested
    | TrafficRequested
    | TrialConcluded
    | AlarmStateChange
)
_EVENT: TypeAdapter[_Event] = TypeAdapter(Annotated[_Event, Field(discriminator="detail_type")])


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _deploy_model().handle(_EVENT.validate_python(event))


@cache
def _deploy_model() -> DeployModel:
    return deploy_model(current_stage())


def deploy_model(stage: Stage) -> DeployModel:
    name, registry, production = stage.settings.stage, stage.registry, stage.production
    wishes = Wishes(name, registry, stage.definitions, clock.now)
    rollouts = _rollouts(stage, wishes)
    return DeployModel(
        Approvals(name, registry, production, wishes, rollouts, stage.journal),
        Rollbacks(name, registry, stage.definitions, production, wishes, rollouts, stage.journal),
        Traffic(name, registry, production, wishes, rollouts, stage.journal),
        rollouts,
        partial(once, stage.settings.idempotency_table, "approval"),
    )


def _rollouts(stage: Stage, wishes: Wishes) -> Rollouts:
    settings = stage.settings
    surroundings = Surroundings(
        settings.bucket,
        settings.sagemaker_role_arn,
        settings.kms_key_arn or None,
        settings.success_topic_arn,
        settings.error_topic_arn,
    )
    preparation = Preparation(
        surroundings,
        settings.topic_arn,
        stage.objects,
        stage.registry,
        stage.definitions,
        stage.endpoints,
        stage.alarms,
    )
    return Rollouts(
        stage.registry,
        wishes,
        preparation,
        stage.endpoints,
        stage.scaling,
        stage.production,
        stage.shared_endpoints,
        stage.journal,
        stage.event_bus,
        clock.now,
    )
