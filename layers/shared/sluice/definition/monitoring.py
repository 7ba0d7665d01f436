"""`monitoring`: its place in the definition. Production is not watched until monitoring is built."""

from typing import Self

from pydantic import Field, model_validator

from sluice.definition.section import Section


class Monitoring(Section):
    enabled: bool = Field(default=False, description="Check captured traffic against the training baseline.")

    @model_validator(mode="after")
    def _not_built_yet(self) -> Self:
        if self.enabled:
            raise ValueError("monitoring is not available in this version: write enabled: false")
        return self
