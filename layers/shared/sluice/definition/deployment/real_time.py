"""An endpoint of instances that answers at once."""

from typing import Literal

from pydantic import Field, model_validator

from sluice.definition.deployment.alarms import Alarms
from sluice.definition.deployment.capture import Capture
from sluice.definition.deployment.instances import Autoscaling, Instances, starts_within
from sluice.definition.deployment.rollout import AllAtOnce, Rolling, Rollout, Trial


class RealTime(Instances):
    mode: Literal["real-time"]
    autoscaling: Autoscaling | None = Field(default=None, description="Absent: the instance count stays as it is.")
    rollout: Rollout = Field(default_factory=lambda: AllAtOnce(strategy="all-at-once"))
    alarms: Alarms = Field(default_factory=Alarms)
    capture: Capture | None = Field(default_factory=Capture, description="Absent: nothing is kept.")

    @model_validator(mode="after")
    def _starts_within_the_range(self) -> "RealTime":
        if self.autoscaling:
            starts_within(self.initial_instances, self.autoscaling.min_instances, self.autoscaling.max_instances)
        return self

    @model_validator(mode="after")
    def _trials_are_captured(self) -> "RealTime":
        if isinstance(self.rollout, Trial) and self.capture is None:
            raise ValueError(
                f"rollout.strategy {self.rollout.strategy} compares what was captured: write capture: {{}}, or "
                "another strategy"
            )
        return self

    @model_validator(mode="after")
    def _batches_fit(self) -> "RealTime":
        if isinstance(self.rollout, Rolling):
            self.rollout.check_waits(self.autoscaling.max_instances if self.autoscaling else self.initial_instances)
        return self
