"""The first step of a run: an upload comes in, a plan goes out."""

from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.start_run.drift import DriftData
from functions.start_run.past import EarlierRuns
from functions.start_run.planning import Planner
from functions.start_run.request import StartRunRequest
from functions.start_run.start_run import StartRun
from sluice.aws import clock
from sluice.aws.claims import claimant
from sluice.aws.entry_point import entry_point
from sluice.aws.job_surroundings import surroundings_of
from sluice.aws.quarantine import Quarantine
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _start_run().handle(StartRunRequest.model_validate(event)).to_json()


@cache
def _start_run() -> StartRun:
    stage = current_stage()
    earlier = EarlierRuns(stage.objects, stage.production, stage.registry, stage.runs, stage.training_jobs)
    return StartRun(
        objects=stage.objects,
        leases=stage.leases,
        runs=stage.runs,
        journal=stage.journal,
        planner=Planner(stage.objects, earlier, surroundings_of(stage.settings)),
        drift_data=DriftData(stage.objects, clock.now),
        quarantine=Quarantine(stage.objects),
        claim=partial(claimant, stage.settings.idempotency_table),
        now=clock.now,
    )
