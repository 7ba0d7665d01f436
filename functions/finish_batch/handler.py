"""The last step of a batch: the result, or the reason why there is none, goes to the bucket and the people."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.finish_batch.finish_batch import FinishBatch
from functions.finish_batch.request import FinishBatchRequest
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stage = current_stage()
    settings = stage.settings
    finish = FinishBatch(
        stage.objects,
        stage.transform_jobs,
        stage.journal,
        stage.definitions,
        stage.event_bus,
        settings.stage,
        settings.region,
    )
    return finish.handle(FinishBatchRequest.model_validate(event))
