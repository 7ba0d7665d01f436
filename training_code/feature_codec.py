"""From raw cells to the numbers the model sees: the one place where that happens.

preprocess learns a codec on the training split, evaluate and the endpoint read it back from features.json. All of
them encode cells with the same functions, so a raw row means the same number everywhere.

numeric: a float; missing is NaN. categorical: the level's position in the vocabulary; every level that is rare or
was never seen in training shares one further code; missing is NaN.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT_VERSION = 1
NUMERIC, CATEGORICAL = "numeric", "categorical"

# XGBoost holds features as 32-bit floats: what is larger would become infinite.
LARGEST_NUMBER = float(np.finfo(np.float32).max)

Floats = npt.NDArray[np.float64]


class CellError(ValueError):
    """A cell cannot be encoded; the message says why, without where."""


class CodecFormatError(ValueError):
    """features.json cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Feature:
    name: str
    type: str
    levels: tuple[str, ...] = ()

    @property
    def xgboost_type(self) -> str:
        return "c" if self.type == CATEGORICAL else "q"


@dataclass(frozen=True)
class Codec:
    target: str
    positive_label: str
    negative_label: str
    features: tuple[Feature, ...]
    ignored: frozenset[str]
    missing_values: frozenset[str]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @cached_property
    def known(self) -> frozenset[str]:
        """Columns that a record may hold: the features, and what is ignored (target, key, dropped)."""
        return self.ignored.union(self.names)

    @cached_property
    def encoders(self) -> tuple[Callable[[Any], float], ...]:
        return tuple(cell_encoder(feature, self.missing_values) for feature in self.features)

    @property
    def xgboost_types(self) -> list[str]:
        return [feature.xgboost_type for feature in self.features]

    def label(self, cell: Any) -> int | None:
        """1, 0, or None for a cell that is neither label."""
        return {self.positive_label: 1, self.negative_label: 0}.get(cell_text(cell))


def cell_text(value: Any) -> str:
    """A cell as a CSV file would hold it, trimmed: JSON's 0, 0.0 and "0" are one level. Missing is empty."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    raise CellError(f"a {type(value).__name__} is not a single value")


def parse_number(value: Any, missing_values: frozenset[str]) -> float:
    """NaN for a missing cell. Raises CellError for what is not a number, or not one that the model can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = cell_text(value)
        if not text or text in missing_values:
            return math.nan
        number = _float(text)
    else:
        number = _float(value)
        if math.isnan(number):
            return math.nan
    # Also true for the words "nan" and "inf", which float() takes for numbers.
    if not abs(number) <= LARGEST_NUMBER:
        raise CellError(f"{_shown(value)} is not a finite number of at most 3.4e38")
    return number


def _float(value: Any) -> float:
    try:
        # float() takes "1_000" for a number; no CSV writer means that.
        if isinstance(value, str) and "_" in value:
            raise ValueError
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:
        raise CellError(f"{_shown(value)} is not a number") from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def cell_encoder(feature: Feature, missing_values: frozenset[str]) -> Callable[[Any], float]:
    if feature.type == NUMERIC:
        return lambda value: parse_number(value, missing_values)
    codes = {level: float(code) for code, level in enumerate(feature.levels)}
    other = float(len(feature.levels))

    def encode(value: Any) -> float:
        text = cell_text(value)
        if not text or text in missing_values:
            return math.nan
        return codes.get(text, other)

    return encode


def encode_distinct(encode: Callable[[Any], float], values: Sequence[Any]) -> tuple[Floats, dict[int, str]]:
    """The codes of a column's distinct values, and by position the reasons of those that cannot be encoded."""
    codes = np.full(len(values), np.nan)
    reasons: dict[int, str] = {}
    for position, value in enumerate(values):
        try:
            codes[position] = encode(value)
        except CellError as error:
            reasons[position] = str(error)
    return codes, reasons


def level_counts(raw_counts: Mapping[str, int], missing_values: frozenset[str]) -> dict[str, int]:
    """Rows by level, from rows by raw cell: spellings that mean the same level added up, missing cells left out."""
    counts: dict[str, int] = {}
    for raw, count in raw_counts.items():
        text = cell_text(raw)
        if text and text not in missing_values:
            counts[text] = counts.get(text, 0) + count
    return counts


def learn_levels(counts: Mapping[str, int], max_categories: int, rare_level_min_count: int) -> tuple[str, ...]:
    """The levels that get a code: not rare, at most max_categories of them (the most frequent), in text order."""
    frequent = [level for level, count in counts.items() if count >= rare_level_min_count]
    frequent.sort(key=lambda level: (-counts[level], level))
    return tuple(sorted(frequent[:max_categories]))


def write_codec(codec: Codec, path: Path) -> None:
    document = {
        "format_version": FORMAT_VERSION,
        "target": {
            "name": codec.target,
            "positive_label": codec.positive_label,
            "negative_label": codec.negative_label,
        },
        "features": [_feature_document(feature) for feature in codec.features],
        "ignored": sorted(codec.ignored),
        "missing_values": sorted(codec.missing_values),
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _feature_document(feature: Feature) -> dict[str, Any]:
    document: dict[str, Any] = {"name": feature.name, "type": feature.type}
    if feature.type == CATEGORICAL:
        document |= {"levels": list(feature.levels), "other_code": len(feature.levels)}
    return document


def read_codec(path: Path) -> Codec:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CodecFormatError(f"There is no {path.name} in {path.parent}: preprocess.py writes it.") from None
    except ValueError as error:
        raise CodecFormatError(f"{path} is not JSON: {error}.") from error
    version = document.get("format_version")
    if version != FORMAT_VERSION:
        raise CodecFormatError(f"{path} has format version {version}, this code reads {FORMAT_VERSION}: train again.")
    return Codec(
        target=document["target"]["name"],
        positive_label=document["target"]["positive_label"],
        negative_label=document["target"]["negative_label"],
        features=tuple(
            Feature(entry["name"], entry["type"], tuple(entry.get("levels", ()))) for entry in document["features"]
        ),
        ignored=frozenset(document["ignored"]),
        missing_values=frozenset(document["missing_values"]),
    )


def encode_rows(codec: Codec, rows: Iterable[Sequence[Any]]) -> npt.NDArray[np.float32]:
    """Rows of raw cells in feature order → (rows, features). CellError names row (from 1) and column."""
    encoders = codec.encoders
    encoded = []
    for number, row in enumerate(rows, start=1):
        try:
            encoded.append([encode(cell) for encode, cell in zip(encoders, row, strict=True)])
        except CellError:
            raise _located(codec, number, row) from None
    return np.array(encoded, dtype=np.float32).reshape(len(encoded), len(encoders))


def _located(codec: Codec, number: int, row: Sequence[Any]) -> CellError:
    """The first failing cell of a row that is known to have one."""
    for name, encode, cell in zip(codec.names, codec.encoders, row, strict=True):
        try:
            encode(cell)
        except CellError as error:
            return CellError(f"row {number}, column {name!r}: {error}")
    raise AssertionError(f"row {number} was refused and now is not")
