"""Ours: a model's traffic is to be split between two versions, or to go to one. `sluice traffic` sends it."""

from typing import Literal

from pydantic import Field

from sluice.definition.deployment import TrafficStep
from sluice.events.envelope import Detail, Envelope


class TrafficRequestedDetail(Detail):
    stage: str
    model: str
    weights: dict[int, float] = Field(min_length=1, max_length=2)
    """Share of the requests by version, in %; they add up to 100."""
    steps: tuple[TrafficStep, ...] = ()
    """Of the version that is not the champion. Absent: the weights stay as they are until somebody changes them."""
    reason: str = Field(min_length=1, max_length=1024)
    requested_by: str


class TrafficRequested(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Traffic Requested"] = Field(alias="detail-type")
    detail: TrafficRequestedDetail
