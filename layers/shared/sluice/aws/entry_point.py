"""What every Lambda has around its handler: structured logs, a trace, metrics. Built on the first call."""

import warnings
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from sluice.audit import Action
from sluice.aws.invocation import invocation
from sluice.aws.settings import settings

Handler = Callable[[dict[str, Any], LambdaContext], Any]

NAMESPACE = "Sluice"


@cache
def metrics() -> Metrics:
    # Most calls count nothing, and Powertools would warn of each.
    warnings.filterwarnings("ignore", "No application metrics to publish")
    return Metrics(namespace=NAMESPACE)


@cache
def logger() -> Logger:
    return Logger()


def count(action: Action, model: str) -> None:
    """One event in CloudWatch, by the audit entry's action, by model and by stage: an account holds several."""
    with_model = metrics()
    with_model.add_dimension(name="Stage", value=settings().stage)
    with_model.add_dimension(name="Model", value=model)
    with_model.add_metric(name=action, unit=MetricUnit.Count, value=1)


def entry_point(handler: Handler) -> Handler:
    """Wrap a handler; errors are logged with their trace and go on to Lambda, which retries or dead-letters."""
    silent = silent_entry_point(handler)

    @wraps(handler)
    def run(event: dict[str, Any], context: LambdaContext) -> Any:
        answer = silent(event, context)
        logger().info("done", extra={"answer": answer})
        return answer

    return run


def silent_entry_point(handler: Handler) -> Handler:
    """The same for a function whose answers are a caller's data, and belong in no log."""

    @cache
    def instrumented() -> Handler:
        traced: Handler = Tracer().capture_lambda_handler(handler, capture_response=False)
        measured: Handler = metrics().log_metrics(traced)
        logged: Handler = logger().inject_lambda_context(measured, clear_state=True)
        return logged

    @wraps(handler)
    def run(event: dict[str, Any], context: LambdaContext) -> Any:
        with invocation(context):
            return instrumented()(event, context)

    return run
