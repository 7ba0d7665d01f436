"""Many small models behind one endpoint: an instance loads one when it is asked for the first time."""

from typing import Literal

from pydantic import Field, model_validator

from sluice.definition.deployment.capture import Capture
from sluice.definition.deployment.instances import Autoscaling, Instances, starts_within

GROUP_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class MultiModel(Instances):
    mode: Literal["multi-model"]
    group: str = Field(
        default="shared",
        pattern=GROUP_PATTERN,
        max_length=16,
        description="Models that name the same group share one endpoint; the last one deployed sets its instances.",
    )
    autoscaling: Autoscaling | None = Field(default=None, description="Absent: the instance count stays as it is.")
    capture: Capture | None = Field(
        default_factory=Capture, description="By the inference API only: SageMaker captures nothing here."
    )

    @model_validator(mode="after")
    def _starts_within_the_range(self) -> "MultiModel":
        if self.autoscaling:
            starts_within(self.initial_instances, self.autoscaling.min_instances, self.autoscaling.max_instances)
        return self
