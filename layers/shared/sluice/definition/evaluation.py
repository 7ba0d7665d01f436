"""`evaluation`: how a model's answers are judged, and from which probability on they are a yes."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sluice.definition.problems import FieldProblem, refuse
from sluice.definition.section import Section

Threshold = Literal["best-f1", "cost"] | float


def _is_a_threshold(value: object) -> object:
    if value in ("best-f1", "cost") or (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1
    ):
        return value
    raise ValueError(f"write best-f1, cost or a probability between 0 and 1 (it is {value!r})")


class EvaluationPolicy(Section):
    threshold: Annotated[Threshold, BeforeValidator(_is_a_threshold)] = Field(
        default="best-f1",
        description="Binary only: the probability from which the answer is the positive label, chosen on the "
        "validation split: best-f1, cost (what mistakes cost least in all), or a number.",
    )
    cost_ratio: float | None = Field(
        default=None, gt=0, le=1e6, description="With cost only: what a missed positive costs, in false alarms."
    )
    slices: tuple[str, ...] = Field(
        default=(), max_length=20, description="Columns whose values get metrics of their own in the report."
    )
    bootstrap_replicates: int = Field(
        default=200, ge=10, le=10_000, description="Resamples of the test set behind each standard deviation."
    )

    @property
    def decision_threshold(self) -> str:
        """As train.py takes it."""
        return f"cost:{self.cost_ratio:g}" if self.threshold == "cost" else str(self.threshold)

    @model_validator(mode="after")
    def _cost_needs_a_ratio(self) -> Self:
        if self.threshold == "cost" and self.cost_ratio is None:
            refuse([FieldProblem("cost_ratio", "is missing: write what a missed positive costs, in false alarms")])
        if self.threshold != "cost" and self.cost_ratio is not None:
            refuse(
                [FieldProblem("cost_ratio", "is used with threshold: cost only: remove it or write threshold: cost")]
            )
        return self
