"""The inference API behind API Gateway. Its answers are its callers' data: no log has them."""

from functools import cache
from time import monotonic
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.serve_predictions.request import HttpRequest
from functions.serve_predictions.response import refusal
from functions.serve_predictions.schemas import Schemas
from functions.serve_predictions.serve_predictions import ServePredictions
from sluice.aws import clients, clock
from sluice.aws.alias_cache import CachedAliases
from sluice.aws.aliases import Aliases
from sluice.aws.capture_queue import CaptureLostError, CaptureQueue
from sluice.aws.entry_point import logger, metrics, silent_entry_point
from sluice.aws.inference_endpoint import InferenceEndpoint
from sluice.aws.objects import Objects
from sluice.aws.settings import settings
from sluice.inference.problem import ProblemError, defect

MODEL_SECONDS = 25
"""API Gateway waits for 30 seconds in all; one attempt, because a second would not fit."""


@silent_entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request = HttpRequest.model_validate(event)
    try:
        response = _serve_predictions().handle(request)
    except ProblemError as error:
        response = refusal(error.problem, request.id)
    except Exception:  # the process edge: a caller is told in the API's own form, and the log why
        logger().exception("request %s failed", request.id)
        response = refusal(defect(), request.id)
    return response.to_api_gateway()


@cache
def _serve_predictions() -> ServePredictions:
    chosen = settings()
    objects = Objects(clients.s3(), chosen.bucket)
    return ServePredictions(
        chosen.stage,
        CachedAliases(Aliases(clients.ssm(), chosen.stage), monotonic),
        Schemas(objects),
        InferenceEndpoint(clients.sagemaker_runtime(MODEL_SECONDS, attempts=1)),
        CaptureQueue(clients.sqs(), chosen.capture_queue_url, objects),
        objects,
        clock.now,
        _capture_lost,
    )


def _capture_lost(model: str, error: CaptureLostError) -> None:
    logger().error("a request was answered and not kept: %s", error)
    counted = metrics()
    counted.add_dimension(name="Stage", value=settings().stage)
    counted.add_metadata(key="model", value=model)
    counted.add_metric(name="CapturesLost", unit=MetricUnit.Count, value=1)
