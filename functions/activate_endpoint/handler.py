"""Endpoint events: what was asked for is verified before it counts as deployed."""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, TypeAdapter

from functions.activate_endpoint.acceptance import Acceptance
from functions.activate_endpoint.activate_endpoint import ActivateEndpoint
from functions.activate_endpoint.queued import QueuedDeployments
from functions.activate_endpoint.trials import Trials
from functions.activate_endpoint.watching import Watching
from sluice.aws import clients, clock
from sluice.aws.entry_point import entry_point
from sluice.aws.settings import Settings
from sluice.aws.stage import Stage, current_stage
from sluice.events import EndpointReady, EndpointStateChange
from sluice.images import UnknownImageError, image_uri
from sluice.monitoring.wishes import Account

_Event = EndpointStateChange | EndpointReady
_EVENT: TypeAdapter[_Event] = TypeAdapter(Annotated[_Event, Field(discriminator="detail_type")])


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _activate_endpoint().handle(_EVENT.validate_python(event))


@cache
def _activate_endpoint() -> ActivateEndpoint:
    stage, settings = current_stage(), current_stage().settings
    queued = QueuedDeployments(clients.lambda_(), settings.deploy_function, clock.now)
    acceptance = Acceptance(stage.registry, stage.definitions, stage.golden_requests, stage.scaling, stage.aliases)
    return ActivateEndpoint(
        settings.stage,
        stage.registry,
        stage.endpoints,
        stage.shared_endpoints,
        stage.production,
        acceptance,
        Trials(settings.stage, clients.stepfunctions(), settings.rollout_machine_arn, stage.definitions),
        _watching(stage),
        stage.journal,
        stage.event_bus,
        queued.start,
        clock.now,
    )


def _watching(stage: Stage) -> Watching:
    return Watching(
        _account(stage.settings),
        stage.registry,
        stage.definitions,
        stage.watched,
        stage.schedules,
        stage.model_monitor,
        stage.journal,
        clock.now,
    )


def _account(settings: Settings) -> Account:
    try:
        analyzer = image_uri("model-monitor", settings.region)
    except UnknownImageError:
        analyzer = None
    return Account(
        stage=settings.stage,
        bucket=settings.bucket,
        region=settings.region,
        run_monitor_arn=settings.run_monitor_arn,
        scheduler_role_arn=settings.scheduler_role_arn,
        dead_letters_arn=settings.event_dead_letters_arn,
        job_role_arn=settings.sagemaker_role_arn,
        analyzer_image=analyzer,
        kms_key_arn=settings.kms_key_arn or None,
    )
