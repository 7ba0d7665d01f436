"""From a decided model to a version in the registry."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.register_model.register_model import RegisterModel, Surroundings
from functions.register_model.request import RegisterRequest
from sluice.aws import clock
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stage = current_stage()
    settings = stage.settings
    consumers = tuple(account.strip() for account in settings.consumer_accounts.split(",") if account.strip())
    surroundings = Surroundings(settings.stage, settings.region, settings.commit_id or None, consumers)
    register = RegisterModel(stage.objects, stage.registry, stage.journal, surroundings, clock.now)
    return register.handle(RegisterRequest.model_validate(event))
