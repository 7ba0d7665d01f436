"""Production is to be checked: by the model's schedule, `sluice monitor --now`, or because a batch has ended."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.run_monitor.batches import Batches
from functions.run_monitor.preparation import Preparation
from functions.run_monitor.run_monitor import RunMonitor
from sluice.aws import clients, clock
from sluice.aws.entry_point import entry_point
from sluice.aws.job_surroundings import surroundings_of
from sluice.aws.processing_jobs import ProcessingJobs
from sluice.aws.stage import current_stage
from sluice.aws.variant_metrics import VariantMetrics
from sluice.events import CheckRequested


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _run_monitor().handle(CheckRequested.model_validate(event))


@cache
def _run_monitor() -> RunMonitor:
    stage = current_stage()
    metrics = VariantMetrics(clients.cloudwatch())
    return RunMonitor(
        stage=stage.settings.stage,
        production=stage.production,
        watched=stage.watched,
        definitions=stage.definitions,
        registry=stage.registry,
        endpoints=stage.endpoints,
        schedules=stage.schedules,
        checks=stage.checks,
        preparation=Preparation(surroundings_of(stage.settings), stage.objects, stage.checks, metrics),
        batches=Batches(stage.objects),
        jobs=ProcessingJobs(clients.sagemaker()),
        journal=stage.journal,
        now=clock.now,
    )
