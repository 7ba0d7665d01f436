"""Approved versions' events: each gets its SageMaker Model Card, beside and apart from its deployment."""

from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.write_model_card.write_model_card import WriteModelCard
from sluice.aws import clients
from sluice.aws.claims import once
from sluice.aws.entry_point import entry_point
from sluice.aws.model_cards import ModelCards
from sluice.aws.stage import current_stage
from sluice.events import ModelPackageStateChange


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _write_model_card().handle(ModelPackageStateChange.model_validate(event))


@cache
def _write_model_card() -> WriteModelCard:
    stage, settings = current_stage(), current_stage().settings
    remember = partial(once, settings.idempotency_table, "model-card")
    cards = ModelCards(clients.sagemaker(), settings.kms_key_arn or None)
    return WriteModelCard(settings.stage, stage.objects, stage.registry, cards, remember)
