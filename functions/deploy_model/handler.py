"""Model package events: approved versions go to the endpoint, rejected ones leave it."""

from functools import cache, partial
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, TypeAdapter

from functions.deploy_model.deploy_model import DeployModel
from functions.deploy_model.rollouts import Rollouts
from sluice.aws import clock
from sluice.aws.claims import once
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage
from sluice.events import ModelPackageStateChange, QueuedDeployment

_EVENT: TypeAdapter[ModelPackageStateChange | QueuedDeployment] = TypeAdapter(
    Annotated[ModelPackageStateChange | QueuedDeployment, Field(discriminator="detail_type")]
)


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _deploy_model().handle(_EVENT.validate_python(event))


@cache
def _deploy_model() -> DeployModel:
    stage, settings = current_stage(), current_stage().settings
    rollouts = Rollouts(
        settings.stage,
        settings.sagemaker_role_arn,
        settings.kms_key_arn or None,
        stage.objects,
        stage.registry,
        stage.endpoints,
        stage.production,
        stage.journal,
        clock.now,
    )
    remember = partial(once, settings.idempotency_table, "approval")
    return DeployModel(settings.stage, stage.registry, stage.production, rollouts, stage.journal, remember, clock.now)
