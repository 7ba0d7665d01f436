"""What a check was asked for: plan.json, and how far production may move (definition.json's `monitoring`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from codec.codec import REGRESSION
from job import BadData


@dataclass(frozen=True)
class CheckPlan:
    """start, end, not_before, asked_at: ISO 8601, as they stand in plan.json. history: earlier checks' figures, oldest
    first, each with check_id, end, verdict, violations and features. operations: as drift.json has them.
    ground_truth: files of labels below their folder, in the order in which they were uploaded."""

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
    ground_truth: tuple[str, ...] = ()
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
    significance: float = 0.05
    min_records: int = 200
    bounds: DistributionBounds = field(default_factory=DistributionBounds)
    max_loss: float = 0.05
    min_labels: int = 100
    max_gap_change: float = 0.1
    min_ndcg: float = 0.9


def read_plan(folder: Path) -> CheckPlan:
    """From plan.json in the folder. BadData where something is missing."""
    document = _read(folder / "plan.json", "the plan of the check")
    window = document.get("window")
    if not isinstance(window, dict) or not {"start", "end"} <= window.keys():
        raise BadData(f"{folder / 'plan.json'} lacks window.start and window.end: give both, in ISO 8601.")
    values = {**document, **window}
    absent = [name for name in ("check_id", "model", "version", "asked_at") if values.get(name) is None]
    if absent:
        raise BadData(f"{folder / 'plan.json'} lacks {', '.join(absent)}.")
    known = {one.name: values[one.name] for one in fields(CheckPlan) if values.get(one.name) is not None}
    return CheckPlan(**{**known, "version": int(values["version"]), **_tuples(values)})


def _tuples(values: Mapping[str, Any]) -> Mapping[str, tuple[Any, ...]]:
    return {name: tuple(values.get(name) or ()) for name in ("history", "ground_truth")}


def read_settings(folder: Path) -> MonitoringSettings:
    """From definition.json in the folder: its `monitoring`, whatever is left out by its default."""
    document = _read(folder / "definition.json", "the definition")
    section = document.get("monitoring") or {}
    quality, champion = section.get("model_quality") or {}, (document.get("gate") or {}).get("champion") or {}
    usual = "r2" if (document.get("data") or {}).get("task") == REGRESSION else "auc"
    given = {
        "significance": section.get("significance"),
        "min_records": section.get("min_records"),
        "max_loss": quality.get("max_loss"),
        "min_labels": quality.get("min_labels"),
        "max_gap_change": (section.get("bias") or {}).get("max_gap_change"),
        "min_ndcg": (section.get("attribution") or {}).get("min_ndcg"),
    }
    return MonitoringSettings(
        quality_metric=quality.get("metric") or champion.get("metric") or usual,
        bounds=_bounds(section.get("bounds") or {}),
        **{name: value for name, value in given.items() if value is not None},
    )


def _bounds(section: Mapping[str, Any]) -> DistributionBounds:
    names = [one.name for one in fields(DistributionBounds)]
    return DistributionBounds(**{name: section[name] for name in names if section.get(name) is not None})


def _read(file: Path, what: str) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadData(f"There is no {file.name}, {what}, in {file.parent}: {error.strerror}.") from error
    except ValueError as error:
        raise BadData(f"{file} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise BadData(f"{file} is not a JSON object.")
    return document
