"""Instances that stay up, and how their number follows the load."""

from pydantic import Field, model_validator

from sluice.definition.section import Section


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


class Instances(Section):
    """What every mode with instances of its own has."""

    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    initial_instances: int = Field(default=1, ge=1, description="Instances that a new endpoint starts with.")
    grace_minutes: int = Field(
        default=60, ge=0, le=1440, description="How long the endpoint of another mode stays after traffic left it."
    )


def starts_within(initial: int, least: int, most: int) -> None:
    """Raises ValueError unless an endpoint starts with as many instances as autoscaling keeps."""
    if not least <= initial <= most:
        raise ValueError(f"initial_instances {initial} lies outside autoscaling's {least} to {most}")
