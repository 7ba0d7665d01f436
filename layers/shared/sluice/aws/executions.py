"""Executions of the retrain state machine."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sluice.events import PendingUpload
from sluice.events.pending_upload import PendingUploadDetail

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Executions:
    client: "SFNClient"
    state_machine_arn: str

    def start_waiting_upload(self, model: str, finished_run_id: str, at: datetime) -> str:
        """Start the execution that takes the model's waiting upload; the same run's end starts it once.

        The name is made of the run's, so a repeated call meets the execution that it made first.
        """
        _, _, _, region, account, _, _ = self.state_machine_arn.split(":")
        event = PendingUpload(
            id=f"{model}-{finished_run_id}",
            account=account,
            region=region,
            time=at,
            source="sluice",
            detail_type="Pending Upload",
            detail=PendingUploadDetail(model=model, finished_run_id=finished_run_id),
        )
        execution = f"waiting-after-{model}-{finished_run_id}"
        try:
            started = self.client.start_execution(
                stateMachineArn=self.state_machine_arn, name=execution, input=event.model_dump_json(by_alias=True)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return f"{self.state_machine_arn.replace(':stateMachine:', ':execution:')}:{execution}"
        return started["executionArn"]
