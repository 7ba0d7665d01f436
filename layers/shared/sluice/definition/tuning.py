"""`tuning`: hyperparameters are searched. Words and limits are those of CreateHyperParameterTuningJob."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sluice.definition.data import Task
from sluice.definition.problems import FieldProblem, refuse
from sluice.definition.ranges import DEFAULT_RANGES, CategoricalRange, ContinuousRange, IntegerRange, Range
from sluice.definition.section import Section

Strategy = Literal["Bayesian", "Random", "Grid", "Hyperband"]
ObjectiveType = Literal["Maximize", "Minimize"]

OBJECTIVES: Mapping[Task, Mapping[str, ObjectiveType]] = {
    "binary": {"validation:auc": "Maximize", "validation:logloss": "Minimize"},
    "multiclass": {"validation:mlogloss": "Minimize", "validation:merror": "Minimize"},
    "regression": {"validation:rmse": "Minimize", "validation:mae": "Minimize"},
}
"""What training emits on the validation split, by task; the first is the one that early stopping watches."""


def _yaml_off(value: object) -> object:
    """YAML 1.1 reads a bare Off as false."""
    return "Off" if value is False else value


DEFAULT_ROUNDS = 300
"""train.py's num_round."""

MOST_RANGES = 30
MOST_JOBS = 750
"""SageMaker's quota of training jobs per tuning job."""


class WarmStart(Section):
    type: Literal["IdenticalDataAndAlgorithm", "TransferLearning"] = Field(
        default="TransferLearning",
        description="TransferLearning: newer data. IdenticalDataAndAlgorithm: the same file, searched further.",
    )
    job: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$",
        description="Name of the tuning job to go on from. Absent: this model's newest; none yet: a fresh start.",
    )


class Hyperband(Section):
    min_resource: int = Field(default=10, ge=1, description="Rounds that every job gets.")
    max_resource: int | None = Field(
        default=None, ge=1, le=20_000, description="Rounds after which a job is stopped; absent: num_round."
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.max_resource is not None and self.min_resource > self.max_resource:
            refuse([FieldProblem("min_resource", f"is above max_resource {self.max_resource}: exchange them")])
        return self


class Tuning(Section):
    enabled: bool = Field(default=False, description="Search hyperparameters instead of training once.")
    strategy: Strategy = Field(default="Bayesian", description="Grid tries all combinations of categorical ranges.")
    objective: str | None = Field(
        default=None,
        description="Metric that training emits on validation; by default validation:auc, validation:mlogloss or "
        "validation:rmse, as the task is.",
    )
    ranges: dict[str, Range] = Field(
        default_factory=dict,
        max_length=MOST_RANGES,
        description="By hyperparameter; absent: the algorithm's usual ones.",
    )
    max_jobs: int = Field(
        default=20, ge=1, le=MOST_JOBS, description="Training jobs in all; Grid runs every combination instead."
    )
    parallel_jobs: int = Field(
        default=2,
        ge=1,
        le=100,
        description="Training jobs at a time: more is sooner, fewer learn more from each other.",
    )
    early_stopping: Annotated[Literal["Auto", "Off"], BeforeValidator(_yaml_off)] = Field(
        default="Off", description="Auto: a job that is unlikely to beat the others is stopped."
    )
    warm_start: WarmStart | None = Field(default=None, description="Begin with what an earlier tuning job learned.")
    hyperband: Hyperband | None = Field(default=None, description="Hyperband only: how long jobs run.")
    seed: int = Field(default=42, ge=0, le=2**31 - 1, description="The same seed proposes more nearly the same values.")

    @model_validator(mode="after")
    def _fields_fit_together(self) -> Self:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[FieldProblem]:
        if self.parallel_jobs > self.max_jobs and self.strategy != "Grid":
            yield FieldProblem(
                "parallel_jobs", f"is {self.parallel_jobs}, more than max_jobs {self.max_jobs}: write less"
            )
        if self.strategy == "Hyperband" and self.early_stopping == "Auto":
            yield FieldProblem("early_stopping", "Hyperband stops jobs by itself: write Off")
        if self.strategy != "Hyperband" and self.hyperband is not None:
            yield FieldProblem(
                "hyperband", f"is for strategy Hyperband only, and strategy is {self.strategy}: remove it"
            )
        if self.warm_start is not None and self.strategy in ("Grid", "Hyperband"):
            yield FieldProblem("warm_start", f"{self.strategy} learns nothing from an earlier search: remove it")
        if self.strategy == "Grid":
            yield from self._grid_problems()

    def _grid_problems(self) -> Iterator[FieldProblem]:
        if self.enabled and not self.ranges:
            yield FieldProblem("ranges", "is missing: Grid needs the values to combine, as categorical ranges")
        for name, one in self.ranges.items():
            if one.type != "categorical":
                yield FieldProblem(
                    f"ranges.{name}", f"is {one.type}, and Grid takes categorical ranges only: list its values"
                )
        if self.combinations > MOST_JOBS:
            yield FieldProblem("ranges", f"make {self.combinations:,} combinations, and Grid takes {MOST_JOBS} at most")

    def objective_for(self, task: Task) -> str:
        """The metric that the search improves."""
        return self.objective or next(iter(OBJECTIVES[task]))

    def ranges_for(self, algorithm: str) -> Mapping[str, IntegerRange | ContinuousRange | CategoricalRange]:
        """What is searched; empty for a custom algorithm that names none."""
        return self.ranges or DEFAULT_RANGES.get(algorithm, {})

    @property
    def combinations(self) -> int:
        """Of the categorical ranges: what Grid runs."""
        product = 1
        for one in self.ranges.values():
            product *= len(one.values) if isinstance(one, CategoricalRange) else 1
        return product
