"""A validation's middle: does the temporary endpoint score the test rows as the evaluate step did?"""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.score_endpoint.request import ScoreRequest
from functions.score_endpoint.score_endpoint import ScoreEndpoint
from sluice.aws import clients
from sluice.aws.endpoint_scores import EndpointScores
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    score = ScoreEndpoint(current_stage().objects, _endpoint(), lambda: context.get_remaining_time_in_millis() / 1000)
    return score.handle(ScoreRequest.model_validate(event))


@cache
def _endpoint() -> EndpointScores:
    return EndpointScores(clients.sagemaker_runtime())
