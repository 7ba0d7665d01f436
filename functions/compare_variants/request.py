"""What the rollout's state machine sends to CompareVariants."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from sluice.definition import Model, RealTime
from sluice.definition.deployment import AbTest, Shadow


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Variant(_Part):
    version: int
    variant: str


class CompareRequest(_Part):
    model: str
    endpoint_name: str
    config_name: str
    kind: Literal["ab-test", "shadow"]
    definition_uri: str
    """definition.json of the challenger."""
    champion: Variant
    challenger: Variant
    started_at: datetime
    policy: dict[str, Any] | None = None
    """None: the definition's."""

    def rules(self, definition: Model) -> AbTest | Shadow:
        """Those asked for, else the definition's where it has them for this kind of trial, else the defaults."""
        kind: type[AbTest | Shadow] = AbTest if self.kind == "ab-test" else Shadow
        deployment = definition.deployment
        if self.policy is None and isinstance(deployment, RealTime) and isinstance(deployment.rollout, kind):
            return deployment.rollout
        return kind.model_validate({**(self.policy or {}), "strategy": self.kind})
