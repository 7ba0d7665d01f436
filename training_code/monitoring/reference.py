"""What a version was trained and tested on, as its run wrote it down: what a check compares production with."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from codec.codec import BINARY, CATEGORICAL, NUMERIC
from job import BadData
from monitoring.distributions import Distribution, LevelCounts, NumberCounts
from monitoring.observed import SliceCounts

FORMAT_VERSION = 1

T = TypeVar("T")


@dataclass(frozen=True)
class Metric:
    """On the test split; None is not defined."""

    value: float | None
    deviation: float | None


@dataclass(frozen=True)
class Attribution:
    """Means over test rows: of the absolute SHAP values, and of the SHAP values (None of several classes)."""

    absolute: float
    mean: float | None


@dataclass(frozen=True)
class Reference:
    """features: of the training rows. The rest: of the test rows, with the version's own scores.

    labels: predicted ones; None of a regression. constraints: constraints.json of the training rows.
    """

    task: str
    rows: int
    test_rows: int
    features: Mapping[str, Distribution]
    outputs: Mapping[str, NumberCounts]
    labels: LevelCounts | None
    metrics: Mapping[str, Metric]
    slices: tuple[SliceCounts, ...]
    attributions: Mapping[str, Attribution]
    threshold: float | None
    positive_label: str | None
    constraints: Mapping[str, Any] = field(default_factory=dict)


def read_reference(baseline: Path, evaluation: Path) -> Reference:
    """From the two folders of the run that trained the version. BadData where one was made before checks existed."""
    training, test = (
        _document(folder, which) for folder, which in ((baseline, "Preprocess"), (evaluation, "Evaluate"))
    )
    features = _part(baseline / "reference.json", lambda: _distributions(training["features"]))
    return _part(evaluation / "reference.json", lambda: _reference(training, test, features, _constraints(baseline)))


def _document(folder: Path, step: str) -> dict[str, Any]:
    path = folder / "reference.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadData(
            f"There is no {path.name} in {folder}: this version was trained before production was monitored, so there "
            f"is nothing to compare with. Train the model again (its {step} step writes the file), and deploy that."
        ) from None
    except ValueError as error:
        raise BadData(f"{path} is not JSON: {error}. Train the model again.") from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if version != FORMAT_VERSION:
        raise BadData(f"{path} has format version {version}, this code reads {FORMAT_VERSION}: train the model again.")
    return dict(document)


def _part(path: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BadData(f"{path} cannot be compared with: {what}. Train the model again.") from error


def _constraints(baseline: Path) -> Mapping[str, Any]:
    path = baseline / "constraints.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _reference(
    training: Mapping[str, Any],
    test: Mapping[str, Any],
    features: dict[str, Distribution],
    constraints: Mapping[str, Any],
) -> Reference:
    labels = test.get("labels")
    return Reference(
        task=str(test["task"]),
        rows=_count(training["rows"]),
        test_rows=_count(test["rows"]),
        features=features,
        outputs={str(name): _numbers(found) for name, found in test["outputs"].items()},
        labels=LevelCounts(_levels(labels["counts"]), 0) if labels else None,
        metrics={str(name): Metric(found["value"], found["deviation"]) for name, found in test["metrics"].items()},
        slices=tuple(_slice(found, test["task"] == BINARY) for found in test["slices"]),
        attributions={
            str(name): Attribution(float(found["absolute"]), found["mean"])
            for name, found in test["attributions"].items()
        },
        threshold=test.get("threshold"),
        positive_label=test.get("positive_label"),
        constraints=constraints,
    )


def _distributions(section: Mapping[str, Any]) -> dict[str, Distribution]:
    return {str(name): _distribution(str(name), found) for name, found in section.items()}


def _distribution(name: str, found: Mapping[str, Any]) -> Distribution:
    if found["type"] == CATEGORICAL:
        return LevelCounts(_levels(found["counts"]), _count(found["missing"]))
    if found["type"] != NUMERIC:
        raise ValueError(f"feature {name!r} has the type {found['type']!r}")
    return _numbers(found)


def _numbers(found: Mapping[str, Any]) -> NumberCounts:
    edges = np.array(found["edges"], dtype=np.float64)
    counts = np.array([_count(count) for count in found["counts"]], dtype=np.int64)
    if len(counts) != len(edges) + 1 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        raise ValueError(f"{len(counts)} counts do not fit {len(edges)} rising edges")
    scales = {
        name: math.nan if found.get(name) is None else float(found[name])
        for name in ("minimum", "maximum", "mean", "deviation")
    }
    return NumberCounts(edges, counts, _count(found["missing"]), whole=bool(found.get("whole", False)), **scales)


def _levels(counts: Mapping[str, Any]) -> dict[str, int]:
    return {str(level): _count(count) for level, count in counts.items()}


def _slice(found: Mapping[str, Any], binary: bool) -> SliceCounts:
    """Every row of the test split is labelled."""
    rows = _count(found["rows"])
    place = str(found["column"]), str(found["value"]), str(found["kind"])
    if not binary:
        return SliceCounts(*place, rows, labelled=rows)
    counted = (_count(found[name]) for name in ("selected", "positives", "true_positives", "false_positives"))
    selected, positives, true_positives, false_positives = counted
    return SliceCounts(*place, rows, selected, rows, positives, true_positives, false_positives)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no number of rows")
    return value
