"""What the jobs need of definition.json. The platform has validated it; a file written by hand gets clear errors."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from job import BadData

TASKS = ("binary", "multiclass", "regression")
FEATURE_TYPES = ("numeric", "categorical")
SPLIT_METHODS = ("hash", "stratified", "time")
DEFAULT_MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")


@dataclass(frozen=True)
class Split:
    """hash: by the key. stratified: by the key, within each value of `column`. time: by `column`, oldest first."""

    train: float = 0.7
    validation: float = 0.2
    test: float = 0.1
    seed: int = 42
    method: str = "hash"
    column: str | None = None


@dataclass(frozen=True)
class Missing:
    """numeric: keep (NaN) or median (of the training rows). categorical: keep (NaN) or level (a code of its own)."""

    numeric: str = "keep"
    categorical: str = "keep"


@dataclass(frozen=True)
class EvaluationDefinition:
    """slices: columns; the metrics are also given for each of their values. The threshold is train.py's business."""

    slices: tuple[str, ...] = ()
    bootstrap_replicates: int = 200


@dataclass(frozen=True)
class DataDefinition:
    name: str
    target: str
    task: str
    positive_label: str | None
    features: Mapping[str, str]
    drop: tuple[str, ...]
    key: str | None
    weight: str | None
    split: Split
    missing: Missing
    missing_values: tuple[str, ...]
    max_reject_ratio: float
    max_categories: int
    rare_level_min_count: int
    evaluation: EvaluationDefinition = field(default_factory=EvaluationDefinition)
    max_quality_loss: float = 0.05
    """monitoring.model_quality.max_loss: how much worse than on the test split a model may become."""

    @property
    def required_columns(self) -> tuple[str, ...]:
        """Without repetition: a split's column, or one that evaluate groups by, may be the target or a feature."""
        named = (self.target, *self.features, self.key, self.weight, self.split.column, *self.evaluation.slices)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a file may hold; dropped ones may be absent."""
        return tuple(dict.fromkeys((*self.required_columns, *self.drop)))


def read_definition(path: Path) -> DataDefinition:
    """From definition.json, or from a folder that holds it (a processing input is a folder)."""
    file = path / "definition.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadData(f"There is no definition at {file}: give the path of definition.json.") from None
    except ValueError as error:
        raise BadData(f"{file} is not JSON: {error}.") from error
    return parse_definition(document)


def parse_definition(document: Mapping[str, Any]) -> DataDefinition:
    data = _required(document, "data", "data")
    task = _one_of(TASKS, data.get("task", "binary"), "data.task")
    positive = data.get("positive_label")
    if task == "binary" and positive in (None, ""):
        raise BadData("The definition lacks data.positive_label: add it to model.yaml.")
    return DataDefinition(
        name=str(document.get("name", "model")),
        target=str(_required(data, "target", "data.target")),
        task=task,
        positive_label=str(positive) if task == "binary" else None,
        features=_features(_required(data, "features", "data.features")),
        drop=tuple(data.get("drop") or ()),
        key=data.get("key") or None,
        weight=data.get("weight") or None,
        split=_split(data.get("split") or {}, str(data["target"])),
        missing=_missing(data.get("missing") or {}),
        missing_values=_trimmed(data.get("missing_values", DEFAULT_MISSING_VALUES)),
        max_reject_ratio=float(data.get("max_reject_ratio", 0.01)),
        max_categories=int(data.get("max_categories", 64)),
        rare_level_min_count=int(data.get("rare_level_min_count", 5)),
        evaluation=_evaluation(document.get("evaluation") or {}),
        max_quality_loss=_max_quality_loss(document.get("monitoring") or {}),
    )


def _trimmed(values: Iterable[Any]) -> tuple[str, ...]:
    """As cells are before they are compared; without repetition."""
    return tuple(dict.fromkeys(str(value).strip() for value in values))


def _required(section: Mapping[str, Any], name: str, path: str) -> Any:
    if not isinstance(section, Mapping) or section.get(name) in (None, {}, ""):
        raise BadData(f"The definition lacks {path}: add it to model.yaml.")
    return section[name]


def _one_of(choices: tuple[str, ...], value: Any, path: str) -> str:
    if value not in choices:
        raise BadData(f"{path} is {value!r} in the definition: write {', '.join(choices[:-1])} or {choices[-1]}.")
    return str(value)


def _features(section: Mapping[str, Any]) -> dict[str, str]:
    features = {}
    for name, feature in section.items():
        kind = feature.get("type") if isinstance(feature, Mapping) else None
        features[str(name)] = _one_of(FEATURE_TYPES, kind, f"data.features.{name}.type")
    return features


def _split(section: Mapping[str, Any], target: str) -> Split:
    known = {name: section[name] for name in Split.__dataclass_fields__ if section.get(name) is not None}
    split = Split(**known)
    if not math.isclose(split.train + split.validation + split.test, 1.0, abs_tol=1e-6):
        raise BadData("data.split.train, validation and test do not sum to 1 in the definition: make them.")
    _one_of(SPLIT_METHODS, split.method, "data.split.method")
    if split.method == "time" and not split.column:
        raise BadData("data.split.method is time in the definition: name the timestamp column as data.split.column.")
    if split.method == "stratified" and not split.column:
        return Split(**{**known, "column": target})
    return split


def _missing(section: Mapping[str, Any]) -> Missing:
    return Missing(
        numeric=_one_of(("keep", "median"), section.get("numeric", "keep"), "data.missing.numeric"),
        categorical=_one_of(("keep", "level"), section.get("categorical", "keep"), "data.missing.categorical"),
    )


def _evaluation(section: Mapping[str, Any]) -> EvaluationDefinition:
    return EvaluationDefinition(
        slices=tuple(section.get("slices") or ()),
        bootstrap_replicates=int(section.get("bootstrap_replicates", 200)),
    )


def _max_quality_loss(section: Mapping[str, Any]) -> float:
    quality = section.get("model_quality") or {}
    return float(quality.get("max_loss", DataDefinition.max_quality_loss))
