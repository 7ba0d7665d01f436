"""Ours: what a deployment asked for is there already, so SageMaker will not tell. DeployModel sends it."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class EndpointReadyDetail(Detail):
    stage: str
    model: str


class EndpointReady(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Endpoint Ready"] = Field(alias="detail-type")
    detail: EndpointReadyDetail
