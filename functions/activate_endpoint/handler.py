"""Endpoint events: what was asked for is verified before it counts as deployed."""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, TypeAdapter

from functions.activate_endpoint.acceptance import Acceptance
from functions.activate_endpoint.activate_endpoint import ActivateEndpoint
from functions.activate_endpoint.queued import QueuedDeployments
from functions.activate_endpoint.trials import Trials
from sluice.aws import clients, clock
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage
from sluice.events import EndpointReady, EndpointStateChange

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
        stage.journal,
        stage.event_bus,
        queued.start,
        clock.now,
    )
