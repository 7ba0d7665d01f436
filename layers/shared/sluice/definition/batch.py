"""`batch`: how a file in `models/<name>/batch/in/` is scored by a transform job."""

from typing import Self

from pydantic import Field, model_validator

from sluice.definition.problems import FieldProblem, refuse
from sluice.definition.section import Section

_MOST_MB_AT_ONCE = 100
"""SageMaker API Reference, CreateTransformJob, MaxPayloadInMB: MaxConcurrentTransforms * MaxPayloadInMB."""


class Batch(Section):
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    instance_count: int = Field(default=1, ge=1, le=20, description="Instances that share the file's parts.")
    max_concurrent: int = Field(default=2, ge=1, le=100, description="Requests that an instance works on at once.")
    max_payload_mb: int = Field(default=6, ge=1, le=100, description="Size of a request, in MB.")
    max_run_seconds: int = Field(default=3600, ge=60, le=432_000, description="The job is stopped after that.")

    @model_validator(mode="after")
    def _requests_fit_together(self) -> Self:
        at_once = self.max_concurrent * self.max_payload_mb
        if at_once > _MOST_MB_AT_ONCE:
            told = f"times max_payload_mb is {at_once}: SageMaker takes {_MOST_MB_AT_ONCE} MB at once, write less"
            refuse([FieldProblem("max_concurrent", told)])
        return self
