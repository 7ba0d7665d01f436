"""What a check wrote: constraint_violations.json of either engine, and drift.json where monitor.py made it.

The violations' form is Model Monitor's. Source: SageMaker Developer Guide, "Schema for Violations
(constraint_violations.json file)", and "Model Quality Metrics" for those with a `metric_name`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sluice.definition.monitoring import Dimension

MonitorKind = Literal["data-quality", "model-quality"]
"""What one of Model Monitor's schedules looks at."""
Verdict = Literal["drift", "no-drift", "not-enough-data"]

_NAMED = 5
"""Features that a sentence names; of more it says how many there are."""
_Number = Annotated[float, Field(allow_inf_nan=False)]


class ReportError(Exception):
    """A report does not hold what its schema says."""


@dataclass(frozen=True)
class Violation:
    dimension: Dimension
    name: str
    """Of the feature or the metric."""
    check_type: str
    description: str

    def to_json(self) -> dict[str, str]:
        """As constraint_violations.json has it, and its dimension."""
        named = "metric_name" if self.dimension == "model-quality" else "feature_name"
        return {
            named: self.name,
            "constraint_check_type": self.check_type,
            "description": self.description,
            "dimension": self.dimension,
        }


@dataclass(frozen=True)
class FeatureFigures:
    name: str
    distance: float | None
    """From the baseline: 0 is none, 1 the largest."""
    missing_share: float | None


@dataclass(frozen=True)
class Findings:
    verdict: Verdict
    summary: str
    judged: frozenset[Dimension]
    """Dimensions of which the check can say whether they drifted."""
    violations: tuple[Violation, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    """For trends: features, score and metric as drift.json's trend has them."""
    features: tuple[FeatureFigures, ...] = ()
    outputs: tuple[FeatureFigures, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    rows: int | None = None
    """None where the engine does not say."""
    labelled_rows: int = 0


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Violation(_Part):
    feature_name: str | None = None
    metric_name: str | None = None
    constraint_check_type: str
    description: str = Field(default="", max_length=4096)
    dimension: Dimension | None = None

    def read(self) -> Violation:
        dimension = self.dimension or ("model-quality" if self.metric_name else "data-quality")
        name = self.feature_name or self.metric_name or ""
        return Violation(dimension, name, self.constraint_check_type, self.description)


class _Violations(_Part):
    violations: tuple[_Violation, ...] = Field(max_length=50_000)


class _Feature(_Part):
    name: str
    distance: _Number | None = None
    missing_share: _Number | None = None

    def read(self) -> FeatureFigures:
        return FeatureFigures(self.name, self.distance, self.missing_share)


class _Metric(_Part):
    name: str
    value: _Number | None = None


class _Dimension(_Part):
    status: Literal["drift", "no-drift", "not-enough-data", "not-measured", "reported"]
    features: tuple[Any, ...] = ()
    outputs: tuple[_Feature, ...] = ()
    metrics: tuple[_Metric, ...] = ()


class _TrendPoint(_Part):
    features: Mapping[str, Mapping[str, Any]] = {}
    score: Mapping[str, Any] | None = None
    metric: Mapping[str, Any] | None = None


class _Records(_Part):
    rows: int = Field(default=0, ge=0)


class _Drift(_Part):
    format_version: Literal[1]
    verdict: Verdict
    summary: str = Field(min_length=1, max_length=4096)
    records: _Records = _Records()
    dimensions: Mapping[str, _Dimension]
    trend: tuple[_TrendPoint, ...] = ()
    labelled_rows: int = Field(default=0, ge=0)
    violations: tuple[_Violation, ...] = Field(max_length=50_000)
    """As the other file has them, which follows Model Monitor's schema, and the dimension of each."""


_Document = TypeVar("_Document", bound=BaseModel)


def read_findings(drift: bytes) -> Findings:
    """Of monitor.py's drift.json, which says all that its constraint_violations.json does. Raises ReportError."""
    document = _parsed(_Drift, drift, "drift.json")
    quality = document.dimensions.get("data-quality")
    features = [_feature(each) for each in quality.features] if quality else []
    predictions, labels = document.dimensions.get("predictions"), document.dimensions.get("model-quality")
    return Findings(
        verdict=document.verdict,
        summary=document.summary,
        judged=_judged(document),
        violations=tuple(each.read() for each in document.violations),
        figures=_trend_point(document),
        features=tuple(features),
        outputs=tuple(each.read() for each in predictions.outputs) if predictions else (),
        metrics={each.name: each.value for each in labels.metrics if each.value is not None} if labels else {},
        rows=document.records.rows,
        labelled_rows=document.labelled_rows,
    )


def model_monitor_findings(violations: bytes, kind: MonitorKind) -> Findings:
    """Of Model Monitor's own document, which says nothing but what was violated. Raises ReportError."""
    found = _violations(violations)
    return Findings(
        verdict="drift" if found else "no-drift",
        summary=_summary(found, kind),
        judged=frozenset({kind, *(each.dimension for each in found)}),
        violations=found,
    )


def named(names: Sequence[str]) -> str:
    """`a, b and c`; of many the first few, and how many more."""
    shown = list(dict.fromkeys(names))
    if len(shown) > _NAMED:
        return f"{', '.join(shown[:_NAMED])} and {len(shown) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def _judged(document: _Drift) -> frozenset[Dimension]:
    from sluice.definition.monitoring import DIMENSIONS

    measured = {name for name, each in document.dimensions.items() if each.status in ("drift", "no-drift")}
    return frozenset(name for name in DIMENSIONS if name in measured)


def _feature(found: Any) -> FeatureFigures:
    try:
        return _Feature.model_validate(found).read()
    except ValidationError as error:
        raise ReportError(f"drift.json: dimensions.data-quality.features: {_told(error)}") from None


def _trend_point(document: _Drift) -> dict[str, Any]:
    """This check's own: the last one."""
    return document.trend[-1].model_dump() if document.trend else {}


def _violations(text: bytes) -> tuple[Violation, ...]:
    return tuple(each.read() for each in _parsed(_Violations, text, "constraint_violations.json").violations)


def _parsed(kind: type[_Document], text: bytes, name: str) -> _Document:
    try:
        return kind.model_validate(json.loads(text))
    except ValidationError as error:
        raise ReportError(f"{name}: {_told(error)}") from None
    except ValueError as error:
        raise ReportError(f"{name} is no JSON document: {error}") from None


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _summary(found: Sequence[Violation], kind: MonitorKind) -> str:
    if not found:
        return f"Model Monitor found no violation of the {kind} constraints."
    count = f"{len(found)} violation{'s' if len(found) > 1 else ''}"
    return f"Model Monitor found {count} of the {kind} constraints: {named([each.name for each in found])}."
