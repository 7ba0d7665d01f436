"""The first step of a batch: an upload comes in, the plan of its transform job goes out."""

from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.start_batch.request import StartBatchRequest
from functions.start_batch.start_batch import StartBatch
from sluice.aws.claims import claimant
from sluice.aws.entry_point import entry_point
from sluice.aws.quarantine import Quarantine
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _start_batch().handle(StartBatchRequest.model_validate(event)).to_json()


@cache
def _start_batch() -> StartBatch:
    stage = current_stage()
    settings = stage.settings
    return StartBatch(
        objects=stage.objects,
        production=stage.production,
        definitions=stage.definitions,
        journal=stage.journal,
        quarantine=Quarantine(stage.objects),
        claim=partial(claimant, settings.idempotency_table),
        stage=settings.stage,
        role_arn=settings.sagemaker_role_arn,
        kms_key_arn=settings.kms_key_arn or None,
    )
