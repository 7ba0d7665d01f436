"""A validation's end: what it found goes to the registry, the history and the people."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.conclude_validation.conclude_validation import ConcludeValidation
from functions.conclude_validation.request import ConcludeRequest
from sluice.aws.claims import once
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stage = current_stage()
    remember = partial(once, stage.settings.idempotency_table, "validation")
    conclude = ConcludeValidation(stage.objects, stage.registry, stage.journal, remember)
    return conclude.handle(ConcludeRequest.model_validate(event))
