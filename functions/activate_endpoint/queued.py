"""Hands a waiting deployment to DeployModel, which alone may change endpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sluice.events import QueuedDeployment
from sluice.events.queued_deployment import QueuedDeploymentDetail

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class QueuedDeployments:
    client: "LambdaClient"
    function_name: str
    now: Callable[[], datetime]

    def start(self, model: str) -> None:
        at = self.now()
        event = QueuedDeployment(
            id=f"{model}-{at.isoformat()}",
            account="",
            region="",
            time=at,
            source="sluice",
            detail_type="Queued Deployment",
            detail=QueuedDeploymentDetail(model=model),
        )
        payload = event.model_dump_json(by_alias=True).encode()
        self.client.invoke(FunctionName=self.function_name, InvocationType="Event", Payload=payload)
