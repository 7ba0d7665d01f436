"""Ours: a deployment has settled and another one waits for the endpoint. ActivateEndpoint sends it to DeployModel."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class QueuedDeploymentDetail(Detail):
    model: str


class QueuedDeployment(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Queued Deployment"] = Field(alias="detail-type")
    detail: QueuedDeploymentDetail
