"""What the jobs need of definition.json. The platform has validated it; a file written by hand gets clear errors."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from job import BadData

FEATURE_TYPES = ("numeric", "categorical")
DEFAULT_MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")


@dataclass(frozen=True)
class Split:
    train: float = 0.7
    validation: float = 0.2
    test: float = 0.1
    seed: int = 42


@dataclass(frozen=True)
class DataDefinition:
    name: str
    target: str
    positive_label: str
    features: Mapping[str, str]
    drop: tuple[str, ...]
    key: str | None
    split: Split
    missing_values: tuple[str, ...]
    max_reject_ratio: float
    max_categories: int
    rare_level_min_count: int

    @property
    def required_columns(self) -> tuple[str, ...]:
        return (self.target, *self.features, *((self.key,) if self.key else ()))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a file may hold; dropped ones may be absent."""
        return (*self.required_columns, *self.drop)


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
    return DataDefinition(
        name=str(document.get("name", "model")),
        target=str(_required(data, "target", "data.target")),
        positive_label=str(_required(data, "positive_label", "data.positive_label")),
        features=_features(_required(data, "features", "data.features")),
        drop=tuple(data.get("drop") or ()),
        key=data.get("key") or None,
        split=_split(data.get("split") or {}),
        missing_values=tuple(str(value) for value in data.get("missing_values", DEFAULT_MISSING_VALUES)),
        max_reject_ratio=float(data.get("max_reject_ratio", 0.01)),
        max_categories=int(data.get("max_categories", 64)),
        rare_level_min_count=int(data.get("rare_level_min_count", 5)),
    )


def _required(section: Mapping[str, Any], name: str, path: str) -> Any:
    if not isinstance(section, Mapping) or section.get(name) in (None, {}, ""):
        raise BadData(f"The definition lacks {path}: add it to model.yaml.")
    return section[name]


def _features(section: Mapping[str, Any]) -> dict[str, str]:
    features = {}
    for name, feature in section.items():
        kind = feature.get("type") if isinstance(feature, Mapping) else None
        if kind not in FEATURE_TYPES:
            raise BadData(f"data.features.{name}.type is {kind!r} in the definition: write numeric or categorical.")
        features[str(name)] = str(kind)
    return features


def _split(section: Mapping[str, Any]) -> Split:
    known = {name: section[name] for name in ("train", "validation", "test", "seed") if name in section}
    split = Split(**known)
    if not math.isclose(split.train + split.validation + split.test, 1.0, abs_tol=1e-6):
        raise BadData("data.split.train, validation and test do not sum to 1 in the definition: make them.")
    return split
