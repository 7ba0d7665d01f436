"""`deployment.rollout`: how traffic moves from the live version to the new one.

canary, linear and rolling are SageMaker's deployment guardrails, with their limits (API Reference, TrafficRoutingConfig
and RollingUpdatePolicy). ab-test and shadow are trials beside the live version: `statemachines/rollout.asl.yaml`.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sluice.definition.section import Section

Minutes = Annotated[int, Field(ge=0, le=60)]


class AllAtOnce(Section):
    strategy: Literal["all-at-once"]
    bake_minutes: Minutes = Field(default=5, description="How long the old fleet is kept, and the alarms are watched.")


class Canary(Section):
    strategy: Literal["canary"]
    share_percent: int = Field(default=10, ge=1, le=50, description="Share of the capacity that is moved first.")
    wait_minutes: Minutes = Field(default=10, description="How long the share is watched before the rest follows.")
    bake_minutes: Minutes = Field(default=5, description="How long the old fleet is kept after that.")
    max_minutes: int = Field(default=120, ge=10, le=480, description="The whole rollout is given up after that.")


class Linear(Section):
    strategy: Literal["linear"]
    step_percent: int = Field(default=25, ge=10, le=50, description="Share of the capacity that each step moves.")
    wait_minutes: Minutes = Field(default=5, description="How long each step is watched.")
    bake_minutes: Minutes = Field(default=5, description="How long the old fleet is kept after the last step.")
    max_minutes: int = Field(default=120, ge=10, le=480, description="The whole rollout is given up after that.")


class Rolling(Section):
    strategy: Literal["rolling"]
    batch_percent: int = Field(default=25, ge=5, le=50, description="Share of the instances replaced at a time.")
    wait_minutes: Minutes = Field(default=5, description="How long each batch is watched.")
    max_minutes: int = Field(default=120, ge=10, le=480, description="The whole rollout is given up after that.")


class TrafficStep(Section):
    share_percent: float = Field(gt=0, le=100, description="The challenger's share of the requests.")
    hold_minutes: float = Field(gt=0, le=10_080, description="How long that share is held. A week at most.")


class Trial(Section):
    """What decides between champion and challenger, and what the decision does."""

    minimum_invocations: int = Field(
        default=100, ge=1, description="Requests that each variant needs before the two are compared."
    )
    maximum_error_increase: float = Field(
        default=1.0, ge=0, le=100, description="Percentage points by which the challenger's errors may exceed."
    )
    maximum_latency_increase: float = Field(
        default=50.0, ge=0, description="By how many % its median latency may exceed the champion's."
    )
    after: Literal["promote", "ask"] = Field(
        default="promote", description="What a challenger that did well gets: all traffic, or a person's decision."
    )


class AbTest(Trial):
    strategy: Literal["ab-test"]
    steps: tuple[TrafficStep, ...] = Field(
        default=(TrafficStep(share_percent=10, hold_minutes=60), TrafficStep(share_percent=50, hold_minutes=60)),
        min_length=1,
        max_length=20,
        description="The challenger's shares, one after the other.",
    )
    minimum_labels: int = Field(
        default=200, ge=1, description="Requests with ground truth that each variant needs before quality counts."
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="With which quality must be shown to be worse.")

    @model_validator(mode="after")
    def _shares_rise(self) -> "AbTest":
        shares = [step.share_percent for step in self.steps]
        if shares != sorted(shares):
            raise ValueError(f"steps: the shares must rise, and are {', '.join(f'{share:g}' for share in shares)}")
        return self


class Shadow(Trial):
    strategy: Literal["shadow"]
    share_percent: int = Field(default=100, ge=1, le=100, description="Share of the requests that it gets a copy of.")
    hold_minutes: float = Field(default=60, gt=0, le=10_080, description="How long it is watched. A week at most.")
    minimum_agreement_percent: float = Field(
        default=95.0, ge=0, le=100, description="Labels that must equal the champion's; of numbers: within tolerance."
    )
    tolerance: float = Field(
        default=0.1, gt=0, description="Largest difference of two scores that agree; of numbers relative above 1."
    )


Rollout = Annotated[AllAtOnce | Canary | Linear | Rolling | AbTest | Shadow, Field(discriminator="strategy")]
GuardedRollout = Annotated[AllAtOnce | Canary | Linear | Rolling, Field(discriminator="strategy")]
"""What SageMaker itself does: an asynchronous endpoint knows neither several variants nor shadows."""
