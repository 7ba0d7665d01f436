"""A model artifact and the scores it gives to raw rows: the same functions behind the endpoint and evaluate.py."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Codec, encode_rows
from codec.features_json import read_codec
from lean_xgboost import xgboost

# A score of at least this is the positive label.
THRESHOLD = 0.5

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Artifact:
    """What train.py wrote."""

    booster: Any
    codec: Codec
    training: Mapping[str, Any]


def load_artifact(folder: Path) -> Artifact:
    codec = read_codec(folder / "features.json")
    booster = xgboost.Booster()
    booster.load_model(folder / "model.ubj")
    training = folder / "training.json"
    return Artifact(booster, codec, json.loads(training.read_text(encoding="utf-8")) if training.exists() else {})


def score_rows(artifact: Artifact, rows: Iterable[Sequence[Any]]) -> Scores:
    """Probabilities of the positive label. Rows: raw cells in feature order. CellError names row and column."""
    matrix = encode_rows(artifact.codec, rows)
    if not len(matrix):
        return np.empty(0, dtype=np.float32)
    scores: Scores = artifact.booster.inplace_predict(matrix, validate_features=False)
    return scores


def rows_of_table(codec: Codec, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The features' cells of rows under a header, in feature order; a feature without a column is missing."""
    position = {name: at for at, name in enumerate(header)}
    wanted = [position.get(name) for name in codec.names]
    return [[None if at is None else row[at] for at in wanted] for row in rows]
