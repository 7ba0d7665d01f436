"""`validation`: a version is tried on an endpoint of its own before it may be approved."""

from typing import Literal

from pydantic import Field

from sluice.definition.section import Section


class Validation(Section):
    enabled: bool = Field(
        default=False,
        description="After the gate: a temporary serverless endpoint must give the test rows the evaluate step's "
        "answers. A version that does not is rejected.",
    )
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = Field(default=2048, description="Memory, in MB.")
    tolerance: float = Field(
        default=1e-5, gt=0, le=1, description="Largest difference of an answer that counts as equal, relative above 1."
    )
    max_rows: int = Field(default=5000, ge=1, le=100_000, description="Test rows that are sent, the first ones.")
