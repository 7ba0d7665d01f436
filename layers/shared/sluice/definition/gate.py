"""`gate`: what a challenger must reach before it may be approved."""

from collections.abc import Mapping
from typing import Any, Literal, Self, get_args

from pydantic import Field, model_validator

from sluice.definition.data import Task
from sluice.definition.section import Section

BinaryMetric = Literal[
    "accuracy",
    "precision",
    "recall",
    "f1",
    "auc",
    "precision_recall_auc",
    "log_loss",
    "brier",
    "calibration_error",
]
MulticlassMetric = Literal[
    "accuracy",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "log_loss",
    "brier",
    "auc",
    "weighted_auc",
]
RegressionMetric = Literal["mae", "mse", "rmse", "r2", "mape"]
MetricName = Literal[BinaryMetric, MulticlassMetric, RegressionMetric]

METRICS_OF_TASK: Mapping[Task, tuple[MetricName, ...]] = {
    "binary": get_args(BinaryMetric),
    "multiclass": get_args(MulticlassMetric),
    "regression": get_args(RegressionMetric),
}
"""What evaluate.py measures."""

LOWER_IS_BETTER: frozenset[MetricName] = frozenset(
    {"log_loss", "brier", "calibration_error", "mae", "mse", "rmse", "mape"}
)


class MetricThreshold(Section):
    min: float | None = Field(default=None, description="The metric must be at least this.")
    max: float | None = Field(default=None, description="The metric must be at most this.")

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("write min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}: no model can pass")
        return self


class ChampionComparison(Section):
    """The challenger is compared with the live version on the same test rows; skipped where there is none."""

    metric: MetricName = Field(
        default="auc", description="Metric that both are compared by; by default auc, and r2 for a regression."
    )
    minimum_gain: float = Field(
        default=-0.01,
        description="Gain over the champion that the challenger needs, in the metric's unit, counted so that "
        "more is better; negative: how much worse it may be.",
    )


class Gate(Section):
    metrics: dict[MetricName, MetricThreshold] = Field(
        default={"auc": MetricThreshold(min=0.6)},
        description="Bounds by metric, on the test split; by default auc of 0.6, and r2 of 0 for a regression.",
    )
    champion: ChampionComparison | None = Field(default_factory=ChampionComparison)
    minimum_test_rows: int = Field(default=100, ge=1, description="Fewer test rows than this decide nothing.")


def with_defaults_of_task(section: object, task: object) -> object:
    """The gate as it was written, completed by what suits a regression.

    Better than guessing is an area under the ROC curve above 0.5 whatever the classes' shares, so auc suits both
    classifications; for a number it is an r2 above 0, the mean's.
    """
    if task != "regression" or not isinstance(section, dict):
        return section
    completed: dict[str, Any] = {"metrics": {"r2": {"min": 0.0}}, "champion": {}, **section}
    if isinstance(completed["champion"], dict):
        completed["champion"] = {"metric": "r2", **completed["champion"]}
    return completed
