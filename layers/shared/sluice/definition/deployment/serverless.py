"""Limits of serverless inference (memory, concurrency): SageMaker Developer Guide, "Serverless Inference"."""

from typing import Literal

from pydantic import Field, model_validator

from sluice.definition.deployment.capture import Capture
from sluice.definition.section import Section


class Serverless(Section):
    mode: Literal["serverless"]
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = Field(default=2048, description="Memory, in MB.")
    max_concurrency: int = Field(default=5, ge=1, le=200, description="Requests served at the same time.")
    provisioned_concurrency: int | None = Field(
        default=None, ge=1, le=200, description="Requests for which containers are kept warm, and paid for."
    )
    capture: Capture | None = Field(
        default_factory=Capture, description="By the inference API only: SageMaker captures nothing here."
    )
    grace_minutes: int = Field(
        default=60, ge=0, le=1440, description="How long the endpoint of another mode stays after traffic left it."
    )

    @model_validator(mode="after")
    def _warm_is_part_of_all(self) -> "Serverless":
        if self.provisioned_concurrency is not None and self.provisioned_concurrency > self.max_concurrency:
            warm, most = self.provisioned_concurrency, self.max_concurrency
            raise ValueError(f"provisioned_concurrency {warm} is above max_concurrency {most}")
        return self
