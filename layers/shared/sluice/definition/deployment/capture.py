"""Which requests and answers are kept, for monitoring and for comparing variants."""

from pydantic import Field

from sluice.definition.section import Section


class Capture(Section):
    sampling_percent: int = Field(default=100, ge=1, le=100, description="Share of the requests that are kept.")
