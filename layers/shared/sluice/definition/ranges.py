"""`tuning.ranges`: what a search may try. Words are those of SageMaker's ParameterRanges."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sluice.definition.problems import FieldProblem, refuse
from sluice.definition.section import Section


def _range_problems(low: float, high: float, scaling: str) -> Iterator[FieldProblem]:
    if low > high:
        yield FieldProblem("min", f"{low:g} is above max {high:g}: exchange them")
    if scaling == "Logarithmic" and low <= 0:
        yield FieldProblem("min", f"is {low:g}, and Logarithmic takes values above 0 only: raise it or write Linear")
    if scaling == "ReverseLogarithmic" and (low < 0 or high >= 1):
        yield FieldProblem(
            "scaling", f"ReverseLogarithmic is for values from 0 to below 1, not {low:g} to {high:g}: write Linear"
        )


class IntegerRange(Section):
    type: Literal["integer"]
    min: int = Field(description="Smallest value that is tried.")
    max: int = Field(description="Largest value that is tried.")
    scaling: Literal["Auto", "Linear", "Logarithmic"] = "Auto"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        refuse(_range_problems(self.min, self.max, self.scaling))
        return self


class ContinuousRange(Section):
    type: Literal["continuous"]
    min: float = Field(allow_inf_nan=False, description="Smallest value that is tried.")
    max: float = Field(allow_inf_nan=False, description="Largest value that is tried.")
    scaling: Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"] = "Auto"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        refuse(_range_problems(self.min, self.max, self.scaling))
        return self


class CategoricalRange(Section):
    type: Literal["categorical"]
    values: tuple[int | float | str, ...] = Field(min_length=1, max_length=30, description="What is tried.")

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        texts = [str(value) for value in self.values]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        refuse([FieldProblem("values", f"{twice} stands twice: remove one")] if twice is not None else [])
        return self


Range = Annotated[IntegerRange | ContinuousRange | CategoricalRange, Field(discriminator="type")]

TUNABLE = ("eta", "max_depth", "min_child_weight", "subsample", "colsample_bytree", "gamma", "num_round")
"""What CreateHyperParameterTuningJob takes as ranges for SageMaker's XGBoost image, also where it runs a script: the
built-in algorithm's tunable hyperparameters (aws/sagemaker-python-sdk issue 2226; Developer Guide, "Tune an XGBoost
Model"), of which train.py has these."""

DEFAULT_RANGES: Mapping[str, Mapping[str, IntegerRange | ContinuousRange | CategoricalRange]] = {
    "xgboost": {
        "eta": ContinuousRange(type="continuous", min=0.01, max=0.3, scaling="Logarithmic"),
        "max_depth": IntegerRange(type="integer", min=2, max=10),
        "min_child_weight": ContinuousRange(type="continuous", min=1, max=50, scaling="Logarithmic"),
        "subsample": ContinuousRange(type="continuous", min=0.5, max=1),
        "colsample_bytree": ContinuousRange(type="continuous", min=0.4, max=1),
        "gamma": ContinuousRange(type="continuous", min=0, max=5),
    },
}
