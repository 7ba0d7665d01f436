"""What the state machine sends to SelectModel."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Search(_Part):
    """The plan's tuning step."""

    job_name: str
    config: Mapping[str, Any]
    warm_start: Mapping[str, Any] | None
    ranges: Mapping[str, Any]


class Metric(_Part):
    """One of FinalMetricDataList."""

    MetricName: str
    Value: float


class Baseline(_Part):
    """The training job that ran beside the search."""

    job_name: str
    job_arn: str
    model_uri: str
    hyperparameters: Mapping[str, str]
    hyperparameters_of: Literal["definition", "champion"]
    metrics: tuple[Metric, ...]


class SelectRequest(_Part):
    search: Search
    baseline: Baseline
    models_uri: str
    """Prefix below which the search's jobs left their models."""
    tuning_uri: str
    """Prefix that tuning.json is written to."""
