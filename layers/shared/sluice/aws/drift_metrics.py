"""What a check found, in CloudWatch, under the names that Model Monitor gives it.

Source: SageMaker Developer Guide, "CloudWatch Metrics" of data quality and "Model Quality Metrics"; namespaces and
dimensions as the dashboards of the SageMaker Python SDK search for them (AWS's pages write them in three ways).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sluice.drift import Findings

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

DATA_NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
MODEL_NAMESPACE = "aws/sagemaker/Endpoints/model-metrics"
NAMESPACE = "Sluice"
VIOLATIONS = "constraint_violations"
_AT_ONCE = 500
"""PutMetricData takes 1,000 metrics and 1 MB a call."""
_LONGEST_NAME = 255


@dataclass(frozen=True)
class DriftMetrics:
    client: "CloudWatchClient"
    stage: str

    def put(self, endpoint: str, schedule: str, findings: Findings, at: datetime) -> None:
        """Each feature's distance and completeness, each prediction's distance, each metric of quality.

        A check that is handled twice writes the same points again: read them by their maximum.
        """
        dimensions = [{"Name": "Endpoint", "Value": endpoint}, {"Name": "MonitoringSchedule", "Value": schedule}]
        self._put(DATA_NAMESPACE, dimensions, dict(_of_data(findings)), at)
        self._put(MODEL_NAMESPACE, dimensions, dict(findings.metrics), at)

    def put_total(self, model: str, violations: int, at: datetime) -> None:
        """What the stage's alarm stands on, and the same of the model."""
        stage = {"Name": "Stage", "Value": self.stage}
        for dimensions in ([stage], [stage, {"Name": "Model", "Value": model}]):
            self._put(NAMESPACE, dimensions, {VIOLATIONS: float(violations)}, at)

    def _put(self, namespace: str, dimensions: list[dict[str, str]], values: dict[str, float], at: datetime) -> None:
        data: list[Any] = [
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value}
            for name, value in values.items()
            # CloudWatch takes ASCII only, and no name that is longer.
            if name.isascii() and len(name) <= _LONGEST_NAME
        ]
        for first in range(0, len(data), _AT_ONCE):
            self.client.put_metric_data(Namespace=namespace, MetricData=data[first : first + _AT_ONCE])


def _of_data(findings: Findings) -> Iterator[tuple[str, float]]:
    for feature in findings.features:
        if feature.distance is not None:
            yield f"feature_baseline_drift_{feature.name}", feature.distance
        if feature.missing_share is not None:
            yield f"feature_completeness_{feature.name}", 1 - feature.missing_share
            yield f"feature_non_null_{feature.name}", float(round((findings.rows or 0) * (1 - feature.missing_share)))
    for output in findings.outputs:
        if output.distance is not None:  # Model Monitor has none of these
            yield f"prediction_drift_{output.name}", output.distance
