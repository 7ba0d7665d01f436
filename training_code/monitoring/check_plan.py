"""What a check was asked for: plan.json, and how far production may move (definition.json's `monitoring`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CheckPlan:
    """start, end, not_before, asked_at: ISO 8601, as they stand in plan.json. history: earlier checks' figures, oldest
    first, each with check_id, end, verdict, violations and features. operations: as drift.json has them."""

    check_id: str
    model: str
    version: int
    start: str
    end: str
    asked_at: str
    stage: str = ""
    endpoint_name: str = ""
    mode: str = ""
    package_arn: str = ""
    source: str = "captures"
    engine: str = "scheduled-job"
    requested_by: str = ""
    not_before: str | None = None
    lateness_hours: int = 24
    new_labels: bool = True
    operations: Mapping[str, Any] | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    report_prefix: str = ""


@dataclass(frozen=True)
class DistributionBounds:
    """See definition/monitoring.py."""

    kolmogorov_smirnov: float = 0.1
    population_stability: float = 0.25
    jensen_shannon: float = 0.05
    share: float = 0.02


@dataclass(frozen=True)
class MonitoringSettings:
    """quality_metric: model_quality.metric, or the gate's champion metric, or the task's usual one; never empty."""

    quality_metric: str
    significance: float = 0.01
    min_records: int = 200
    bounds: DistributionBounds = field(default_factory=DistributionBounds)
    max_loss: float = 0.05
    min_labels: int = 100
    max_gap_change: float = 0.1
    min_ndcg: float = 0.9
