"""`deployment.rollout`: how traffic moves from the live version to the new one.

canary, linear and rolling are SageMaker's deployment guardrails, with their limits (API Reference, TrafficRoutingConfig
and RollingUpdatePolicy). ab-test and shadow are trials beside the live version: `statemachines/rollout.asl.yaml`.
"""

from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sluice.definition.section import Section

Minutes = Annotated[int, Field(ge=0, le=60)]
_MOST_MINUTES = 480


def _fits(waits: int, max_minutes: int, what: str) -> None:
    """SageMaker refuses a deployment whose waits alone take the time in which it must be done."""
    if waits >= max_minutes:
        raise ValueError(
            f"max_minutes is {max_minutes}, and {what} take {waits} minutes by themselves: "
            f"{_more_time(waits)}make wait_minutes smaller"
        )


def _more_time(waits: int) -> str:
    return f"make max_minutes at least {waits + 1}, or " if waits < _MOST_MINUTES else ""


class AllAtOnce(Section):
    strategy: Literal["all-at-once"]
    bake_minutes: Minutes = Field(default=5, description="How long the old fleet is kept, and the alarms are watched.")


class Canary(Section):
    strategy: Literal["canary"]
    share_percent: int = Field(default=10, ge=1, le=50, description="Share of the capacity that is moved first.")
    wait_minutes: Minutes = Field(default=10, description="How long the share is watched before the rest follows.")
    bake_minutes: Minutes = Field(default=5, description="How long the old fleet is kept after that.")
    max_minutes: int = Field(
        default=120, ge=10, le=_MOST_MINUTES, description="The whole rollout is given up after that."
    )

    @model_validator(mode="after")
    def _waits_fit(self) -> Self:
        waits = self.wait_minutes + self.bake_minutes
        _fits(waits, self.max_minutes, f"wait_minutes {self.wait_minutes} and bake_minutes {self.bake_minutes}")
        return self


class Linear(Section):
    strategy: Literal["linear"]
    step_percent: int = Field(default=25, ge=10, le=50, description="Share of the capacity that each step moves.")
    wait_minutes: Minutes = Field(default=5, description="How long each step is watched.")
    bake_minutes: Minutes = Field(default=5, description="How long the old fleet is kept after the last step.")
    max_minutes: int = Field(
        default=120, ge=10, le=_MOST_MINUTES, description="The whole rollout is given up after that."
    )

    @model_validator(mode="after")
    def _waits_fit(self) -> Self:
        """After every step but the last there is a wait, after the last one the bake time."""
        steps = ceil(100 / self.step_percent) - 1
        waits = steps * self.wait_minutes + self.bake_minutes
        told = f"{steps} times wait_minutes {self.wait_minutes} and bake_minutes {self.bake_minutes}"
        _fits(waits, self.max_minutes, told)
        return self


class Rolling(Section):
    strategy: Literal["rolling"]
    batch_percent: int = Field(default=25, ge=5, le=50, description="Share of the instances replaced at a time.")
    wait_minutes: Minutes = Field(default=5, description="How long each batch is watched.")
    max_minutes: int = Field(
        default=120, ge=10, le=_MOST_MINUTES, description="The whole rollout is given up after that."
    )

    def check_waits(self, most_instances: int) -> None:
        """Raises ValueError where the waits do not fit into max_minutes with some number of instances up to that.

        A wait follows each batch, and a batch is a number of instances, rounded up: 5 of them have fewer batches of
        25 % than 4. More than 100 have as many as 100.
        """
        counts = range(1, min(most_instances, 100) + 1)
        batches = max(ceil(count / ceil(count * self.batch_percent / 100)) for count in counts)
        told = f"{batches} times wait_minutes {self.wait_minutes} (with up to {most_instances} instances)"
        _fits(batches * self.wait_minutes, self.max_minutes, told)


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
