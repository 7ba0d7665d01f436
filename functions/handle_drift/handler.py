"""A check of production has written its report, or its job has failed: what follows from it."""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, TypeAdapter

from functions.handle_drift.acting import Acts
from functions.handle_drift.failing import FailedChecks
from functions.handle_drift.handle_drift import HandleDrift
from functions.handle_drift.judging import Judge
from functions.handle_drift.reports import Reports
from functions.handle_drift.training_data import Prospects
from sluice.aws import clock
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import Stage, current_stage
from sluice.events import ObjectCreated, ProcessingJobStateChange

_Event = ObjectCreated | ProcessingJobStateChange
_EVENT: TypeAdapter[_Event] = TypeAdapter(Annotated[_Event, Field(discriminator="detail_type")])


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _handle_drift().handle(_EVENT.validate_python(event))


@cache
def _handle_drift() -> HandleDrift:
    return handle_drift(current_stage())


def handle_drift(stage: Stage) -> HandleDrift:
    name, registry = stage.settings.stage, stage.settings.registry_account or None
    prospects = Prospects(stage.objects, stage.leases, stage.runs, stage.registry, name, registry)
    judge = Judge(stage.production, stage.definitions, stage.checks, stage.drift_retrains, prospects, clock.now)
    return HandleDrift(
        name,
        Reports(stage.objects),
        stage.checks,
        stage.production,
        stage.model_monitor,
        judge,
        Acts(name, stage.objects, stage.event_bus, stage.journal),
        FailedChecks(name, stage.checks, stage.journal),
        stage.drift_metrics,
        clock.now,
    )
