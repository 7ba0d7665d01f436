"""`processing`: the machines of Preprocess and Evaluate. Evaluate uses one of them."""

from pydantic import Field

from sluice.definition.section import Section


class Processing(Section):
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    instance_count: int = Field(
        default=1, ge=1, le=100, description="Instances of Preprocess, each on its share of the files (mode append)."
    )
    volume_gb: int = Field(default=30, ge=1, le=16384, description="Disk per instance, in GB.")
    max_run_seconds: int = Field(default=3600, ge=60, le=777_600, description="Each job is stopped after this.")
