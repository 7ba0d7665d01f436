"""The gate between a trained model and the registry."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.evaluate_gate.evaluate_gate import EvaluateGate
from functions.evaluate_gate.request import GateRequest
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return EvaluateGate(current_stage().objects).handle(GateRequest.model_validate(event))
