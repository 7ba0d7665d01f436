"""A trial's end: which of the two versions did better?"""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.compare_variants.compare_variants import CompareVariants
from functions.compare_variants.request import CompareRequest
from sluice.aws import clients, clock
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage
from sluice.aws.variant_metrics import VariantMetrics


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    compare = CompareVariants(
        current_stage().objects, _metrics(), clock.now, lambda: context.get_remaining_time_in_millis() / 1000
    )
    return compare.handle(CompareRequest.model_validate(event))


@cache
def _metrics() -> VariantMetrics:
    return VariantMetrics(clients.cloudwatch())
