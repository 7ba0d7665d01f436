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
    policy: Literal["not-worse", "better"] = Field(
        default="not-worse",
        description="not-worse: refused when its gain is shown to be below minimum_gain. better: refused unless its "
        "gain is shown to be at least minimum_gain (above it, where that is 0 or less).",
    )
    minimum_gain: float = Field(
        default=-0.005,
        description="Gain over the champion, in the metric's unit, counted so that more is better; negative: a loss "
        "that is accepted. By default -0.005, and 0 with policy better.",
    )
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="Of what is shown: 0.95 is wrong in at most one of twenty runs."
    )

    @model_validator(mode="before")
    @classmethod
    def _better_is_more_than_nothing(cls, rule: object) -> object:
        if isinstance(rule, dict) and rule.get("policy") == "better":
            return {"minimum_gain": 0.0, **rule}
        return rule


class SliceRule(Section):
    """No slice of evaluation.slices may be shown to be worse than the champion on it."""

    metric: MetricName = Field(
        default="auc",
        description="Metric of each slice; by default auc, accuracy for several classes, r2 for a number.",
    )
    maximum_loss: float = Field(
        default=0.05, ge=0, description="Loss against the champion that a slice may show, in the metric's unit."
    )
    minimum_rows: int = Field(default=100, ge=1, description="Smaller slices are not judged.")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="For all slices together (Bonferroni).")


class CalibrationRule(Section):
    maximum_error: float = Field(
        default=0.1, gt=0, lt=1, description="Binary only: expected calibration error that the test set may show."
    )


class DataRule(Section):
    """What the training data may not have become since the last run. A person decides where it has."""

    minimum_row_ratio: float = Field(
        default=0.5, ge=0, le=1, description="Rows, as a share of the last run's; fewer is suspicious."
    )
    maximum_class_shift: float = Field(
        default=0.1, gt=0, le=1, description="Change of any class's share against the last run."
    )
    maximum_rejected_share: float = Field(default=0.01, ge=0, le=1, description="Share of rows that could not be read.")
    maximum_drift: float = Field(
        default=0.25,
        gt=0,
        description="Population stability index of any feature against the champion's training data: 0.1 is a small "
        "shift, 0.25 a large one.",
    )


class LeakageRule(Section):
    """Too good to be true: a column may hold what is to be predicted. A person decides."""

    maximum_auc: float = Field(default=0.995, gt=0.5, le=1, description="Classification: a higher AUC is suspicious.")
    maximum_gain_share: float = Field(
        default=0.95, gt=0, le=1, description="Share of the model's gain that one of several features may carry."
    )


class Gate(Section):
    metrics: dict[MetricName, MetricThreshold] = Field(
        default={"auc": MetricThreshold(min=0.6)},
        description="Bounds by metric, on the test split; by default auc of 0.6, and r2 of 0 for a regression.",
    )
    champion: ChampionComparison | None = Field(default_factory=ChampionComparison)
    slices: SliceRule | None = Field(default=None, description="Absent: slices are reported, not judged.")
    calibration: CalibrationRule | None = Field(default=None, description="Absent: calibration is not judged.")
    data: DataRule | None = Field(default_factory=DataRule, description="null: the data is not judged.")
    leakage: LeakageRule | None = Field(default_factory=LeakageRule, description="null: no alarm.")
    minimum_test_rows: int = Field(default=100, ge=1, description="Fewer test rows than this decide nothing.")


_METRIC_OF_TASK = {
    "multiclass": {"slices": "accuracy"},
    "regression": {"champion": "r2", "slices": "r2"},
}
"""Where auc does not serve: a number has none, and a slice seldom holds every class."""


def with_defaults_of_task(section: object, task: object) -> object:
    """The gate as it was written, completed by what suits the task.

    Better than guessing is an area under the ROC curve above 0.5 whatever the classes' shares, so auc suits both
    classifications; for a number it is an r2 above 0, the mean's.
    """
    metrics = _METRIC_OF_TASK.get(str(task))
    if metrics is None or not isinstance(section, dict):
        return section
    defaults: dict[str, Any] = {"metrics": {"r2": {"min": 0.0}}, "champion": {}} if task == "regression" else {}
    completed = {**defaults, **section}
    for rule, metric in metrics.items():
        if isinstance(completed.get(rule), dict):
            completed[rule] = {"metric": metric, **completed[rule]}
    return completed
