"""The whole definition."""

from typing import Literal, Self

from pydantic import Field, model_validator

from sluice.definition.batch import Batch
from sluice.definition.cross_checks import problems_between_sections
from sluice.definition.data import Data
from sluice.definition.deployment import Deployment, Serverless
from sluice.definition.evaluation import EvaluationPolicy
from sluice.definition.gate import Gate, with_defaults_of_task
from sluice.definition.monitoring import Monitoring
from sluice.definition.problems import refuse
from sluice.definition.processing import Processing
from sluice.definition.section import Section
from sluice.definition.training import Training
from sluice.definition.tuning import Tuning
from sluice.definition.validation import Validation
from sluice.naming import MODEL_NAME_MAX_LENGTH, MODEL_NAME_PATTERN

Approval = Literal["manual", "automatic"]


class Model(Section):
    name: str = Field(
        pattern=MODEL_NAME_PATTERN,
        max_length=MODEL_NAME_MAX_LENGTH,
        description="Small letters, digits and single hyphens; the folder under models/ has the same name.",
    )
    data: Data
    processing: Processing = Field(default_factory=Processing)
    training: Training = Field(default_factory=Training)
    tuning: Tuning = Field(default_factory=Tuning)
    evaluation: EvaluationPolicy = Field(default_factory=EvaluationPolicy)
    gate: Gate = Field(default_factory=Gate)
    approval: Approval = Field(
        default="manual", description="automatic: a version that passes the gate is approved at once."
    )
    validation: Validation = Field(default_factory=Validation)
    deployment: Deployment = Field(default_factory=lambda: Serverless(mode="serverless"))
    batch: Batch = Field(default_factory=Batch)
    monitoring: Monitoring = Field(default_factory=Monitoring)

    @model_validator(mode="before")
    @classmethod
    def _gate_suits_the_task(cls, document: object) -> object:
        if not isinstance(document, dict) or not isinstance(document.get("data"), dict):
            return document
        gate = with_defaults_of_task(document.get("gate", {}), document["data"].get("task"))
        return {**document, "gate": gate}

    @model_validator(mode="after")
    def _sections_fit_together(self) -> Self:
        refuse(problems_between_sections(self))
        return self
