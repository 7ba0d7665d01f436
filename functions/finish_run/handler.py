"""The last step of a run, and the rule that ends runs whose execution was stopped."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.finish_run.finish_run import FinishRun
from functions.finish_run.request import finish_request
from sluice.aws import clients, clock
from sluice.aws.entry_point import entry_point
from sluice.aws.executions import Executions
from sluice.aws.stage import current_stage


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stage = current_stage()
    executions = Executions(clients.stepfunctions(), stage.settings.state_machine_arn)
    finish = FinishRun(stage.objects, stage.leases, stage.runs, stage.journal, executions, clock.now)
    return finish.handle(finish_request(event))
