"""`gate`: what a challenger must reach before it may be approved."""

from typing import Literal, Self

from pydantic import Field, model_validator

from sluice.definition.section import Section

MetricName = Literal["accuracy", "precision", "recall", "f1", "auc", "precision_recall_auc", "log_loss", "brier"]

LOWER_IS_BETTER: frozenset[MetricName] = frozenset({"log_loss", "brier"})


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

    metric: MetricName = Field(default="auc", description="Metric that both are compared by.")
    minimum_gain: float = Field(
        default=-0.01,
        description="Gain over the champion that the challenger needs, in the metric's unit, counted so that "
        "more is better; negative: how much worse it may be.",
    )


class Gate(Section):
    metrics: dict[MetricName, MetricThreshold] = Field(
        default={"auc": MetricThreshold(min=0.6)}, description="Bounds by metric, on the test split."
    )
    champion: ChampionComparison | None = Field(default_factory=ChampionComparison)
    minimum_test_rows: int = Field(default=100, ge=1, description="Fewer test rows than this decide nothing.")
