"""`deployment`: how an approved version serves.

Limits of serverless inference (memory, concurrency): SageMaker Developer Guide, "Serverless Inference".
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sluice.definition.section import Section


class Serverless(Section):
    mode: Literal["serverless"]
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = Field(default=2048, description="Memory, in MB.")
    max_concurrency: int = Field(default=5, ge=1, le=200, description="Requests served at the same time.")


class Autoscaling(Section):
    min_instances: int = Field(default=1, ge=1, description="Instances kept without load.")
    max_instances: int = Field(default=2, ge=1, description="Instances at most.")
    invocations_per_instance: float = Field(
        default=1000, gt=0, description="Target: invocations per instance and minute."
    )
    scale_in_cooldown_seconds: int = Field(default=300, ge=0)
    scale_out_cooldown_seconds: int = Field(default=60, ge=0)

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> "Autoscaling":
        if self.min_instances > self.max_instances:
            raise ValueError(f"min_instances {self.min_instances} is above max_instances {self.max_instances}")
        return self


class RealTime(Section):
    mode: Literal["real-time"]
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    initial_instances: int = Field(default=1, ge=1, description="Instances that a new endpoint starts with.")
    autoscaling: Autoscaling | None = Field(default=None, description="Absent: the instance count stays as it is.")

    @model_validator(mode="after")
    def _starts_within_the_range(self) -> "RealTime":
        scaling = self.autoscaling
        if scaling and not scaling.min_instances <= self.initial_instances <= scaling.max_instances:
            raise ValueError(
                f"initial_instances {self.initial_instances} lies outside autoscaling's "
                f"{scaling.min_instances} to {scaling.max_instances}"
            )
        return self


Deployment = Annotated[Serverless | RealTime, Field(discriminator="mode")]
