"""`tuning`: its place in the definition. The retrain workflow trains one model until tuning is built."""

from typing import Self

from pydantic import Field, model_validator

from sluice.definition.section import Section


class Tuning(Section):
    enabled: bool = Field(default=False, description="Search hyperparameters instead of training once.")

    @model_validator(mode="after")
    def _not_built_yet(self) -> Self:
        if self.enabled:
            raise ValueError("tuning is not available in this version: write enabled: false")
        return self
