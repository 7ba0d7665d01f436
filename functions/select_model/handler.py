"""From a finished search to the model that is evaluated."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.select_model.request import SelectRequest
from functions.select_model.select_model import SelectModel
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stage = current_stage()
    return SelectModel(stage.objects, stage.training_jobs).handle(SelectRequest.model_validate(event))
