"""What the stages find out. Each is a line for a person and a part of the JSON document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.following.events import JobKind
from cli.gate_reasons import NEEDS_HUMAN, weight_of
from cli.history_lines import history_lines
from cli.installation import Installation
from sluice.audit import AuditEntry
from sluice.aws.checks import Check
from sluice.aws.registry import version_of
from sluice.definition import Model
from sluice.gate import measured


@dataclass(frozen=True)
class _Finding:
    @property
    def details(self) -> Sequence[str]:
        return ()


@dataclass(frozen=True)
class Cloud(_Finding):
    endpoint_url: str
    state_dir: Path

    @property
    def log(self) -> Path:
        return self.state_dir / "logs" / "localcloud.log"

    @property
    def summary(self) -> str:
        return f"at {self.endpoint_url}"


@dataclass(frozen=True)
class Deployed(_Finding):
    installation: Installation

    @property
    def summary(self) -> str:
        return f"stack sluice-{self.installation.stack.stage}, bucket {self.installation.stack.bucket}"


@dataclass(frozen=True)
class Dataset(_Finding):
    """`file` is one that runs read; `text` is the model.yaml that goes with it."""

    file: Path
    text: str
    definition: Model
    rows: int
    source: str

    @property
    def summary(self) -> str:
        features = self.definition.data.features.values()
        numeric = sum(feature.type == "numeric" for feature in features)
        return (
            f"{self.source}: {self.rows:,} rows, {numeric} numeric and {len(features) - numeric} categorical features, "
            f"target {self.definition.data.target}"
        )


@dataclass(frozen=True)
class Uploaded(_Finding):
    bucket: str
    key: str
    version_id: str | None

    @property
    def summary(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Job:
    step: str
    kind: JobKind
    name: str
    seconds: float | None


@dataclass(frozen=True)
class Trained(_Finding):
    """The run, ended well."""

    run_id: str
    execution_arn: str
    seconds: float
    steps: Mapping[str, float]
    jobs: tuple[Job, ...]
    plan: Mapping[str, Any]
    verdict: str | None
    package_arn: str | None

    @property
    def summary(self) -> str:
        return f"run {self.run_id}"


@dataclass(frozen=True)
class Judged(_Finding):
    verdict: str
    checks: tuple[Mapping[str, Any], ...]
    metrics: Mapping[str, Mapping[str, float | None]]
    package_arn: str
    threshold: float | None = None
    positive: str | int | None = None

    @property
    def summary(self) -> str:
        """A binary model's answers depend on a probability that training chose: it is named."""
        said = f"the gate says {self.verdict}" + (": a person decides" if self.verdict == NEEDS_HUMAN else "")
        if self.threshold is None:
            return said
        return f"{said}; the answer is {self.positive} from a probability of {self.threshold:.3g}"

    @property
    def details(self) -> Sequence[str]:
        checks = [f"{weight_of(check):<12}{check['reason']}" for check in self.checks]
        metrics = [_metric(named) for named in self.metrics.items()]
        rows = [", ".join(metrics[at : at + _METRICS_A_LINE]) for at in range(0, len(metrics), _METRICS_A_LINE)]
        return [*checks, "metrics on the test split:", *(f"  {row}" for row in rows)]


_METRICS_A_LINE = 3


def _metric(named: tuple[str, Mapping[str, float | None]]) -> str:
    name, metric = named
    value, deviation = metric.get("value"), metric.get("standard_deviation")
    if value is None:
        return f"{name} unknown"
    return f"{name} {measured(value)}" + (f" ± {measured(deviation)}" if deviation is not None else "")


@dataclass(frozen=True)
class Approved(_Finding):
    package_arn: str
    version: int

    @property
    def summary(self) -> str:
        return f"version {self.version}"


@dataclass(frozen=True)
class Serving(_Finding):
    endpoint: str
    why: str

    @property
    def summary(self) -> str:
        return f"{self.endpoint}: {self.why}"


@dataclass(frozen=True)
class Predicted(_Finding):
    """`predictions`: record (as it was sent), what the model answered, and what really happened (actual)."""

    predictions: tuple[Mapping[str, Any], ...]

    @property
    def summary(self) -> str:
        return f"{len(self.predictions)} raw records that training never saw"

    @property
    def details(self) -> Sequence[str]:
        return [_prediction(one) for one in self.predictions]


def _prediction(one: Mapping[str, Any]) -> str:
    record = ", ".join(f"{name}={value}" for name, value in list(one["record"].items())[:4])
    return f"{_answer(one)} (really {one['actual']})  {record}, …"


def _answer(one: Mapping[str, Any]) -> str:
    """Of a regression the number; of a classification the label, and how probable it is (of two: the positive one)."""
    if "prediction" in one:
        return f"{one['prediction']:.6g}"
    probability = one["probabilities"][one["label"]] if "probabilities" in one else one["probability"]
    return f"{probability:.3f} -> {one['label']}"


@dataclass(frozen=True)
class Sent(_Finding):
    """Requests of another part of the data than training saw."""

    rows: int
    requests: int
    how: str

    @property
    def summary(self) -> str:
        return f"{self.rows:,} rows in {self.requests} requests, only with {self.how}"


@dataclass(frozen=True)
class Checked(_Finding):
    """moved: the features that have drifted, as drift.json has them, the farthest first."""

    check: Check
    moved: tuple[Mapping[str, Any], ...]
    page: Path

    @property
    def summary(self) -> str:
        return self.check.summary or str(self.check.verdict)

    @property
    def details(self) -> Sequence[str]:
        far = [f"{one['name']}: distance {one['distance']:.3f}, bound {one['bound']:g}" for one in self.moved[:_MOVED]]
        return [*far, f"its page: {self.page}"]


_MOVED = 5


@dataclass(frozen=True)
class Retrained(_Finding):
    run_id: str
    seconds: float
    cause: str
    package_arn: str
    status: str

    @property
    def summary(self) -> str:
        return f"run {self.run_id} made version {version_of(self.package_arn)}, now {self.status}: {self.cause}"


@dataclass(frozen=True)
class Remembered(_Finding):
    entries: tuple[AuditEntry, ...] = field(default=())

    @property
    def summary(self) -> str:
        return f"{len(self.entries)} entries"

    @property
    def details(self) -> Sequence[str]:
        return history_lines(self.entries)


@dataclass(frozen=True)
class Reported(_Finding):
    path: Path

    @property
    def summary(self) -> str:
        return str(self.path)
