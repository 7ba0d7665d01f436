"""`training`: which algorithm learns, with what, on which machine."""

from typing import Literal, Self

from pydantic import Field, model_validator

from sluice.definition.section import Section


class Training(Section):
    algorithm: Literal["xgboost"] = Field(default="xgboost", description="The learning algorithm.")
    hyperparameters: dict[str, int | float | str] = Field(
        default_factory=dict, description="Passed to training as they are; what is absent keeps train.py's default."
    )
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    instance_count: int = Field(default=1, ge=1, le=1, description="Instances that train one model.")
    volume_gb: int = Field(default=30, ge=1, le=16384, description="Disk per instance, in GB.")
    spot: bool = Field(default=False, description="Managed spot training: cheaper, may be interrupted.")
    max_run_seconds: int = Field(default=3600, ge=60, le=2_419_200, description="The job is stopped after this.")
    max_wait_seconds: int | None = Field(
        default=None, description="Spot only: run time plus waiting for capacity; at least max_run_seconds."
    )

    @model_validator(mode="after")
    def _spot_needs_a_wait(self) -> Self:
        if self.spot and (self.max_wait_seconds is None or self.max_wait_seconds < self.max_run_seconds):
            raise ValueError(
                f"spot needs max_wait_seconds of at least max_run_seconds: write max_wait_seconds: "
                f"{2 * self.max_run_seconds}"
            )
        if not self.spot and self.max_wait_seconds is not None:
            raise ValueError("max_wait_seconds is for spot training only: remove it or write spot: true")
        return self
