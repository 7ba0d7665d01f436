"""CloudWatch alarms on what serves: they stop a rollout, and they take a version back that fails later."""

from typing import Literal

from pydantic import Field

from sluice.definition.section import Section


class Alarms(Section):
    """An absent bound makes no alarm."""

    server_error_percent: float | None = Field(
        default=1.0, ge=0, lt=100, description="Most requests that may end in 5XX, in % of a period's."
    )
    model_error_percent: float | None = Field(
        default=10.0, ge=0, lt=100, description="Most requests that the model may answer with anything but 2XX, in %."
    )
    p99_latency_ms: float | None = Field(
        default=1000.0, gt=0, description="Slowest answer of 99 in 100 requests, within the model, in ms."
    )
    minimum_invocations: int = Field(
        default=10, ge=1, description="Requests that a period needs before its share of errors is looked at."
    )
    period_seconds: Literal[60, 300] = Field(
        default=60, description="Length of one period; SageMaker measures by minutes."
    )
    evaluation_periods: int = Field(default=1, ge=1, le=10, description="Periods in a row that must be over a bound.")
    roll_back: bool = Field(
        default=True, description="A version in production whose alarm fires is rejected: the last good one comes back."
    )
