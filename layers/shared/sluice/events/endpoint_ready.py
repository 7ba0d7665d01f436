"""Ours: there is something to look at of which SageMaker will not tell.

DeployModel sends it where what a deployment asked for is there already, CleanUp for one that does not get on.
"""

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
