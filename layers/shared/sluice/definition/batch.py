"""`batch`: how a file in `models/<name>/batch/in/` is scored by a transform job."""

from pydantic import Field

from sluice.definition.section import Section


class Batch(Section):
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    instance_count: int = Field(default=1, ge=1, le=20, description="Instances that share the file's parts.")
    max_concurrent: int = Field(default=2, ge=1, le=100, description="Requests that an instance works on at once.")
    max_payload_mb: int = Field(default=6, ge=1, le=100, description="Size of a request, in MB.")
    max_run_seconds: int = Field(default=3600, ge=60, le=432_000, description="The job is stopped after that.")
