"""monitor.py in the place of Amazon SageMaker Model Monitor's analyzer, where a schedule starts it as one.

The contract: SageMaker Developer Guide, "Container Contract Inputs", "… Outputs" and "CloudWatch Metrics for Bring Your
Own Containers". It knows what AWS's analyzer is told and nothing else: no definition, no model, no reference.json. So
it measures less than a check by monitor.py with a plan, and everything that it writes says who wrote it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evaluation.documents import write_json
from job import BadData
from monitoring.analyzer_data import check_data
from monitoring.analyzer_quality import check_quality
from monitoring.claims import Document

ANALYZER = "monitor.py standing in for Amazon SageMaker Model Monitor's analyzer"
DATA_QUALITY, MODEL_QUALITY = "DATA_QUALITY", "MODEL_QUALITY"
ENABLED = "Enabled"


@dataclass(frozen=True)
class Environment:
    """The variables of the job, by the names that the contract gives them."""

    variables: Mapping[str, str]

    def text(self, name: str, otherwise: str | None = None) -> str:
        found = self.variables.get(name) or otherwise
        if found is None:
            raise BadData(f"The environment lacks {name}: {ANALYZER} is started by a monitoring schedule.")
        return found

    def path(self, name: str) -> Path:
        return Path(self.text(name))

    def document(self, name: str) -> Document:
        """A JSON object in the file that the variable names."""
        path = self.path(name)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadData(f"{name} is {path}, which cannot be read: {error}.") from error
        if not isinstance(document, dict):
            raise BadData(f"{name} is {path}, which holds no JSON object.")
        return document

    def moment(self, name: str) -> datetime:
        text = self.text(name)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise BadData(f"{name} is {text!r}: a point in time in ISO 8601 is needed.") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Analysis:
    """documents: by file name, in the order to write them. metrics: value or statistic values by name."""

    documents: Mapping[str, Document]
    metrics: Mapping[str, float | Mapping[str, float]]

    @property
    def violations(self) -> list[Any]:
        return list(self.documents["constraint_violations.json"]["violations"])


def is_asked(argv: Iterable[str], variables: Mapping[str, str]) -> bool:
    """A schedule starts the analyzer without arguments, with what it shall look at in the environment."""
    return not list(argv) and "dataset_source" in variables


def analyze(variables: Mapping[str, str], job_output: Path) -> None:
    """job_output: /opt/ml/output, where SageMaker looks for the exit message and the metrics."""
    print(f"This is {ANALYZER}.", flush=True)
    told = Environment(variables)
    analysis = _analysis(told)
    output = told.path("output_path")
    output.mkdir(parents=True, exist_ok=True)
    for name, document in analysis.documents.items():
        write_json(output / name, {**document, "analyzer": ANALYZER})
    if told.text("publish_cloudwatch_metrics", ENABLED) == ENABLED:
        _write_metrics(job_output / "metrics" / "cloudwatch", analysis.metrics, told)
    message = _message(len(analysis.violations))
    job_output.mkdir(parents=True, exist_ok=True)
    (job_output / "message").write_text(message, encoding="utf-8")
    print(message)


def _analysis(told: Environment) -> Analysis:
    kind = told.text("analysis_type", DATA_QUALITY)
    source = told.path("dataset_source")
    if kind == DATA_QUALITY:
        window = (told.moment("start_time"), told.moment("end_time"))
        baseline = (told.document("baseline_statistics"), told.document("baseline_constraints"))
        about = {
            "check_id": told.text("sagemaker_monitoring_schedule_name", "") + f"-{window[1]:%Y%m%d%H%M}",
            "endpoint_name": told.text("sagemaker_endpoint_name", ""),
        }
        return Analysis(*check_data(source, window, baseline, about))
    if kind == MODEL_QUALITY:
        return Analysis(*check_quality(source, told.variables, told.document("baseline_constraints")))
    raise BadData(f"analysis_type is {kind}: {ANALYZER} does {DATA_QUALITY} and {MODEL_QUALITY}.")


def _message(violations: int) -> str:
    """CompletedWithViolations is what makes the execution one: SageMaker reads it here."""
    if not violations:
        return f"Completed: no violations. By {ANALYZER}."
    return f"CompletedWithViolations: {violations} violation(s). By {ANALYZER}."


def _write_metrics(folder: Path, metrics: Mapping[str, float | Mapping[str, float]], told: Environment) -> None:
    """One object a line, as PutMetricData takes it; SageMaker adds the namespace."""
    dimensions = {
        "Endpoint": told.text("sagemaker_endpoint_name", ""),
        "MonitoringSchedule": told.text("sagemaker_monitoring_schedule_name", ""),
    }
    common = {
        "Timestamp": told.text("metric_time", told.text("start_time")),
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items() if value],
    }
    lines = [
        json.dumps({"MetricName": name, **common, "Value" if isinstance(value, float) else "StatisticValues": value})
        for name, value in metrics.items()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
