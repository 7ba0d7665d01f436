"""From raw cells to the numbers the model sees: the one place where that is decided.

preprocess learns a codec on the training split, evaluate and the endpoint read it back from features.json. All of
them encode cells with the same functions, so a raw row means the same number everywhere.

numeric: a float. categorical: the level's position in the vocabulary; every level that is rare or was never seen in
training shares one further code. missing: NaN, or the feature's `fill`.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.cells import CellError, cell_text, parse_number

NUMERIC, CATEGORICAL = "numeric", "categorical"
BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"

Floats = npt.NDArray[np.float64]
Encoder = Callable[[Any], float]


@dataclass(frozen=True)
class Feature:
    """fill: what a missing cell becomes; None leaves it missing (NaN)."""

    name: str
    type: str
    levels: tuple[str, ...] = ()
    fill: float | None = None

    @property
    def xgboost_type(self) -> str:
        return "c" if self.type == CATEGORICAL else "q"

    @property
    def other_code(self) -> int:
        """Of levels that are rare or were never seen in training."""
        return len(self.levels)


@dataclass(frozen=True)
class Target:
    """classes: by their code. binary: the negative, then the positive label; regression: none."""

    name: str
    task: str
    classes: tuple[str, ...] = ()

    @cached_property
    def codes(self) -> dict[str, int]:
        return {label: code for code, label in enumerate(self.classes)}

    def value(self, cell: Any) -> float | None:
        """The class's code, or the number to predict; None for a cell that is neither."""
        if self.task != REGRESSION:
            return self.codes.get(cell_text(cell))
        try:
            number = parse_number(cell, frozenset())
        except CellError:
            return None
        return None if math.isnan(number) else number


@dataclass(frozen=True)
class Codec:
    target: Target
    features: tuple[Feature, ...]
    ignored: frozenset[str]
    missing_values: frozenset[str]
    weight: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @cached_property
    def known(self) -> frozenset[str]:
        """Columns that a record may hold: the features, and what is ignored (target, key, weight, dropped)."""
        return self.ignored.union(self.names)

    @cached_property
    def encoders(self) -> tuple[Encoder, ...]:
        return tuple(cell_encoder(feature, self.missing_values) for feature in self.features)

    @property
    def xgboost_types(self) -> list[str]:
        return [feature.xgboost_type for feature in self.features]


def cell_encoder(feature: Feature, missing_values: frozenset[str]) -> Encoder:
    fill = math.nan if feature.fill is None else feature.fill
    if feature.type == NUMERIC:

        def encode_number(value: Any) -> float:
            number = parse_number(value, missing_values)
            return fill if math.isnan(number) else number

        return encode_number
    codes = {level: float(code) for code, level in enumerate(feature.levels)}
    other = float(feature.other_code)

    def encode_level(value: Any) -> float:
        text = cell_text(value)
        if not text or text in missing_values:
            return fill
        if isinstance(value, bool):
            # JSON's true, where the file that was learned from wrote True, true or TRUE.
            return next((codes[way] for way in (text, text.lower(), text.upper()) if way in codes), other)
        return codes.get(text, other)

    return encode_level


def encode_distinct(encode: Encoder, values: Sequence[Any]) -> tuple[Floats, dict[int, str]]:
    """The codes of distinct cells, and by position the reasons of those that cannot be encoded."""
    codes = np.full(len(values), np.nan)
    reasons: dict[int, str] = {}
    for position, value in enumerate(values):
        try:
            codes[position] = encode(value)
        except CellError as error:
            reasons[position] = str(error)
    return codes, reasons


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
