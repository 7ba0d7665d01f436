"""What the evaluate step measured, as `evaluation.json` holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice.definition.data import Task
from sluice.errors import DefectError
from sluice.gate.differences import Difference, number, read_differences
from sluice.gate.training_data import TrainingData
from sluice.gate.wording import one_line, sentence

_TASKS: Mapping[str, Task] = {
    "binary_classification_metrics": "binary",
    "multiclass_classification_metrics": "multiclass",
    "regression_metrics": "regression",
}

SHOWN_METRICS = ("auc", "accuracy", "f1", "macro_f1", "log_loss", "r2", "rmse", "mae")
"""What a version's metadata tell at a glance, each where its task has it."""


@dataclass(frozen=True)
class FeatureChanges:
    """The challenger's features against the champion's."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Champion:
    """differences and features are None where an older version did not measure them."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    problem: str | None = None
    """Why it could not be scored on the challenger's test rows."""
    differences: Mapping[str, Difference] | None = None
    features: FeatureChanges | None = None


@dataclass(frozen=True)
class Slice:
    """The test rows with one value of a column."""

    label: str
    rows: int
    differences: Mapping[str, Difference] | None
    rarest_class_rows: int | None = None
    """Rows of the rarest class; None for a regression, and where an older version did not count them."""


@dataclass(frozen=True)
class Evaluation:
    """On the test split. A metric that could not be computed is absent; what an older version lacks is None."""

    task: Task
    metrics: Mapping[str, float]
    test_rows: int
    deviations: Mapping[str, float] = field(default_factory=dict)
    positive_rows: int | None = None
    """Of a binary task; None for another."""
    threshold: float | None = None
    """From which probability a binary model answers yes; None for another task."""
    tested_classes: int | None = None
    """Of a multiclass task: how many classes have test rows."""
    champion: Champion | None = None
    slices: tuple[Slice, ...] | None = None
    data: TrainingData | None = None
    gain_shares: Mapping[str, float] | None = None
    """By feature: its share of what the trees gain."""
    feature_count: int = 0

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Evaluation":
        """Read SageMaker's model-quality shape, whose metrics' key tells the task, and what Sluice puts beside it."""
        key = metrics_key(document)
        dataset, importance = document["dataset"], document.get("importance") or {}
        slices, data = document.get("slices"), document.get("data")
        positives = dataset.get("positive_count")
        gains = _numbers(importance.get("gain") or {})
        return cls(
            task=_TASKS[key],
            metrics=_measurements(document[key], "value"),
            test_rows=int(dataset["item_count"]),
            deviations=_measurements(document[key], "standard_deviation"),
            positive_rows=int(positives) if _TASKS[key] == "binary" and positives is not None else None,
            threshold=number(document.get("threshold")),
            tested_classes=_tested_classes(document[key]) if _TASKS[key] == "multiclass" else None,
            champion=_champion(document.get("champion"), key),
            slices=tuple(_slice(part) for part in slices) if slices is not None else None,
            data=TrainingData.from_json(data) if data else None,
            gain_shares=gains if "gain" in importance else None,
            feature_count=len(set(gains) | set(importance.get("shap") or {})),
        )


def metrics_key(document: Mapping[str, Any]) -> str:
    """Under which key an evaluation holds its metrics. Raises DefectError when there is none."""
    found = next((key for key in _TASKS if key in document), None)
    if found is None:
        raise DefectError(f"evaluation.json holds none of {', '.join(_TASKS)}")
    return found


def _champion(document: Mapping[str, Any] | None, key: str) -> Champion | None:
    if document is None:
        return None
    problem = None
    if document.get("error") or key not in document:
        problem = sentence(str(document.get("error") or "it was made for another task."))
    return Champion(
        metrics=_measurements(document.get(key) or {}, "value"),
        problem=problem,
        differences=read_differences(document),
        features=_features(document.get("features")),
    )


def _features(document: Mapping[str, Any] | None) -> FeatureChanges | None:
    if document is None:
        return None
    return FeatureChanges(*(tuple(map(str, document.get(kind) or ())) for kind in ("added", "removed", "retyped")))


def _slice(part: Mapping[str, Any]) -> Slice:
    column, value = str(part["column"]), str(part.get("value"))
    words = {"value": f"{column} = {value}", "other": f"{column}: other values", "missing": f"{column} missing"}
    label = words.get(part.get("kind", "value"), f"{column} {value}")
    rarest = part.get("rarest_class_count")
    return Slice(
        label=one_line(label, 60),
        rows=int(part["item_count"]),
        differences=read_differences(part.get("champion")),
        rarest_class_rows=None if rarest is None else int(rarest),
    )


def _tested_classes(metrics: Mapping[str, Any]) -> int | None:
    matrix = metrics.get("confusion_matrix")
    return sum(any(row.values()) for row in matrix.values()) if matrix else None


def _measurements(metrics: Mapping[str, Any], what: str) -> dict[str, float]:
    """A class of the confusion matrix may be called "value": its entry is no number."""
    return _numbers({name: entry.get(what) for name, entry in metrics.items() if isinstance(entry, dict)})


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: found for name, value in values.items() if (found := number(value)) is not None}
