"""The whole definition."""

from typing import Literal

from pydantic import Field

from sluice.definition.data import Data
from sluice.definition.deployment import Deployment, Serverless
from sluice.definition.gate import Gate
from sluice.definition.monitoring import Monitoring
from sluice.definition.section import Section
from sluice.definition.training import Training
from sluice.definition.tuning import Tuning
from sluice.naming import MODEL_NAME_MAX_LENGTH, MODEL_NAME_PATTERN

Approval = Literal["manual", "automatic"]


class Model(Section):
    name: str = Field(
        pattern=MODEL_NAME_PATTERN,
        max_length=MODEL_NAME_MAX_LENGTH,
        description="Small letters, digits and single hyphens; the folder under models/ has the same name.",
    )
    data: Data
    training: Training = Field(default_factory=Training)
    tuning: Tuning = Field(default_factory=Tuning)
    gate: Gate = Field(default_factory=Gate)
    approval: Approval = Field(
        default="manual", description="automatic: a version that passes the gate is approved at once."
    )
    deployment: Deployment = Field(default_factory=lambda: Serverless(mode="serverless"))
    monitoring: Monitoring = Field(default_factory=Monitoring)
