"""Every hour, where the stage asks for it: endpoints without requests are announced, and removed later."""

from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.reap_endpoints.reap_endpoints import ReapEndpoints
from sluice.aws import clients, clock
from sluice.aws.entry_point import entry_point
from sluice.aws.notices import Notices
from sluice.aws.stage import current_stage
from sluice.aws.variant_metrics import VariantMetrics
from sluice.idleness import IdleRule


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if not current_stage().settings.reap_idle_hours:
        return {"off": 1}  # invoked by hand: the schedule itself is off then
    return _reap_endpoints().handle()


@cache
def _reap_endpoints() -> ReapEndpoints:
    stage, settings = current_stage(), current_stage().settings
    rule = IdleRule(timedelta(hours=settings.reap_idle_hours), timedelta(hours=settings.reap_notice_hours))
    return ReapEndpoints(
        settings.stage,
        rule,
        stage.production,
        stage.aliases,
        stage.endpoints,
        stage.shared_endpoints,
        stage.leftovers,
        VariantMetrics(clients.cloudwatch()),
        Notices(stage.table),
        stage.journal,
        clock.now,
    )
