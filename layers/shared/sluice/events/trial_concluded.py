"""Ours: an A/B or shadow trial has ended with a decision. `statemachines/rollout.asl.yaml` sends it to DeployModel."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope

TrialDecision = Literal["promote", "keep", "roll-back"]


class TrialConcludedDetail(Detail):
    stage: str
    model: str
    config_name: str
    """Of the endpoint config that was the trial's: a later one makes this decision void."""
    decision: TrialDecision
    reason: str
    report_uri: str | None = None


class TrialConcluded(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Trial Concluded"] = Field(alias="detail-type")
    detail: TrialConcludedDetail
