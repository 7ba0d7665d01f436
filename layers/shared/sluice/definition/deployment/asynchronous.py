"""An endpoint that takes its requests from S3 and leaves its answers there; without requests it has no instance."""

from typing import Literal

from pydantic import Field, model_validator

from sluice.definition.deployment.alarms import Alarms
from sluice.definition.deployment.instances import Instances, starts_within
from sluice.definition.deployment.rollout import AllAtOnce, GuardedRollout, Rolling
from sluice.definition.section import Section


class BacklogScaling(Section):
    min_instances: int = Field(default=0, ge=0, description="Instances kept without requests.")
    max_instances: int = Field(default=2, ge=1, description="Instances at most.")
    backlog_per_instance: float = Field(default=5, gt=0, description="Target: requests that wait, per instance.")
    scale_in_cooldown_seconds: int = Field(default=300, ge=0)
    scale_out_cooldown_seconds: int = Field(default=60, ge=0)

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> "BacklogScaling":
        if self.min_instances > self.max_instances:
            raise ValueError(f"min_instances {self.min_instances} is above max_instances {self.max_instances}")
        return self


class Asynchronous(Instances):
    mode: Literal["asynchronous"]
    max_concurrent_per_instance: int = Field(
        default=4, ge=1, le=1000, description="Requests that an instance works on at the same time."
    )
    autoscaling: BacklogScaling | None = Field(
        default_factory=BacklogScaling, description="Absent: the instance count stays as it is."
    )
    rollout: GuardedRollout = Field(default_factory=lambda: AllAtOnce(strategy="all-at-once"))
    alarms: Alarms = Field(default_factory=Alarms)

    @model_validator(mode="after")
    def _starts_within_the_range(self) -> "Asynchronous":
        if self.autoscaling:
            starts_within(self.initial_instances, self.autoscaling.min_instances, self.autoscaling.max_instances)
        return self

    @model_validator(mode="after")
    def _batches_fit(self) -> "Asynchronous":
        if isinstance(self.rollout, Rolling):
            self.rollout.check_waits(self.autoscaling.max_instances if self.autoscaling else self.initial_instances)
        return self
