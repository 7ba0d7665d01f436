"""Endpoint events: what was asked for is verified before it counts as deployed."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.activate_endpoint.activate_endpoint import ActivateEndpoint
from functions.activate_endpoint.queued import QueuedDeployments
from sluice.aws import clients, clock
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage
from sluice.events import EndpointStateChange


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _activate_endpoint().handle(EndpointStateChange.model_validate(event))


@cache
def _activate_endpoint() -> ActivateEndpoint:
    stage, settings = current_stage(), current_stage().settings
    queued = QueuedDeployments(clients.lambda_(), settings.deploy_function, clock.now)
    return ActivateEndpoint(
        settings.stage,
        stage.objects,
        stage.registry,
        stage.endpoints,
        stage.production,
        stage.journal,
        queued.start,
    )
