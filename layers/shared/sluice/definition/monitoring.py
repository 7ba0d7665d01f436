"""`monitoring`: what is checked of production, how far it may move, and what follows."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from sluice.definition.gate import MetricName
from sluice.definition.problems import FieldProblem, refuse
from sluice.definition.section import Section

Engine = Literal["scheduled-job", "model-monitor"]
Dimension = Literal["data-quality", "predictions", "model-quality", "bias", "attribution"]
"""What a check looks at and may find moved. Operations are reported, and watched by alarms of their own."""
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


class DistributionBounds(Section):
    """A feature, score or label has drifted where a test shows it and its size reaches the bound."""

    kolmogorov_smirnov: float = Field(
        default=0.1, gt=0, lt=1, description="Numbers: largest distance between the two cumulative distributions."
    )
    population_stability: float = Field(
        default=0.25, gt=0, description="Numbers: population stability index over the baseline's deciles."
    )
    jensen_shannon: float = Field(
        default=0.05, gt=0, lt=1, description="Categories: Jensen-Shannon distance, base 2, from 0 to 1."
    )
    share: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="Most that the share of missing, unseen, unreadable or out-of-range values may grow by.",
    )


class ModelQualityBounds(Section):
    metric: MetricName | None = Field(
        default=None, description="Metric that is judged; by default the gate's champion metric. All are reported."
    )
    max_loss: float = Field(
        default=0.05,
        gt=0,
        description="Most that it may be worse than on the test split, in its unit; of mae, mse, rmse and mape a share "
        "of the test split's value.",
    )
    min_labels: int = Field(default=100, ge=20, description="Labelled rows below which nothing is said of quality.")


class BiasBounds(Section):
    max_gap_change: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Most that the gap between two slices of a column in selection rate, true or false positive rate "
        "may differ from the test split's.",
    )


class AttributionBounds(Section):
    min_ndcg: float = Field(
        default=0.9,
        gt=0,
        le=1,
        description="Smallest normalized discounted cumulative gain of the features' order by SHAP importance.",
    )


class DriftResponse(Section):
    action: Literal["ignore", "notify", "retrain"] = Field(
        default="notify", description="ignore: recorded only. retrain: a run starts on the freshest data, and told."
    )
    to: tuple[Dimension, ...] = Field(default=DIMENSIONS, min_length=1, description="Drift that is acted on.")
    after_checks: int = Field(default=1, ge=1, le=24, description="Checks in a row that must find drift.")
    cooldown_hours: int = Field(
        default=24, ge=0, le=720, description="Hours after a retrain for drift in which none follows."
    )
    max_retrains_per_day: int = Field(default=1, ge=1, le=24, description="Retrains for drift within 24 hours.")


class Monitoring(Section):
    enabled: bool = Field(default=False, description="Check captured traffic against the training baseline.")
    engine: Engine = Field(
        default="scheduled-job",
        description="model-monitor: SageMaker's own, for accounts that still have it; where it is refused, "
        "scheduled-job takes its place.",
    )
    every_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24] = Field(
        default=1, description="Hours between two checks, and hours of traffic that each looks at."
    )
    min_records: int = Field(default=200, ge=20, description="Rows below which a check says nothing.")
    lateness_hours: int = Field(
        default=24, ge=1, le=720, description="Hours after which captures that arrive late, and labels, still count."
    )
    significance: float = Field(
        default=0.05,
        gt=0,
        le=0.2,
        description="Chance that a check without any drift finds some, over all features and dimensions together.",
    )
    bounds: DistributionBounds = Field(default_factory=DistributionBounds)
    model_quality: ModelQualityBounds = Field(default_factory=ModelQualityBounds)
    bias: BiasBounds = Field(default_factory=BiasBounds)
    attribution: AttributionBounds = Field(default_factory=AttributionBounds)
    response: DriftResponse = Field(default_factory=DriftResponse)
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    volume_gb: int = Field(default=30, ge=1, le=16384, description="Disk of the job, in GB.")
    max_run_seconds: int = Field(
        default=1800, ge=60, le=86_400, description="A check is stopped after this; Model Monitor takes 3600 at most."
    )

    @model_validator(mode="after")
    def _ends_before_the_next(self) -> Self:
        longest = self.every_hours * 3600
        problems = []
        if self.max_run_seconds > longest:
            problems.append(
                FieldProblem("max_run_seconds", f"is {self.max_run_seconds}, longer than the {longest} between checks")
            )
        if self.engine == "model-monitor" and self.max_run_seconds > 3600:
            problems.append(FieldProblem("max_run_seconds", "Model Monitor takes 3600 at most: write less"))
        refuse(problems)
        return self
