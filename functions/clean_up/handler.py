"""Every quarter of an hour: endpoints, configs, models and alarms that nothing needs any more are removed;
deployments that do not get on are looked at again."""

from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.clean_up.clean_up import RemoveLeftovers
from functions.clean_up.watches import Watches
from sluice.aws import clock
from sluice.aws.entry_point import entry_point
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _remove_leftovers().handle()


@cache
def _remove_leftovers() -> RemoveLeftovers:
    stage, settings = current_stage(), current_stage().settings
    return RemoveLeftovers(
        settings.stage,
        timedelta(seconds=settings.least_age_seconds),
        timedelta(seconds=settings.late_after_seconds),
        stage.table,
        stage.production,
        stage.aliases,
        stage.leftovers,
        stage.shared_endpoints,
        Watches(settings.stage, stage.schedules, stage.model_monitor, stage.watched, stage.event_bus, stage.journal),
        stage.event_bus,
        stage.journal,
        clock.now,
    )
