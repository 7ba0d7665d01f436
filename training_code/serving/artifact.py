"""A model artifact and the scores it gives to raw rows: the same functions behind the endpoint and evaluate.py."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Codec
from codec.features_json import read_codec
from lean_xgboost import xgboost
from serving.booster import scores_of
from serving.cell_table import cell_table
from serving.encoding import Cells, encode_quickly, feature_cells
from serving.plain_csv import PlainCsv

# Where training.json names no other, a score of at least this is the positive label.
THRESHOLD = 0.5

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Artifact:
    """What train.py wrote."""

    booster: Any
    codec: Codec
    training: Mapping[str, Any]

    @cached_property
    def threshold(self) -> float:
        """Of a binary model: a score of at least this is the positive label."""
        chosen = self.training.get("threshold")
        return THRESHOLD if chosen is None else float(chosen)

    @cached_property
    def cells(self) -> tuple[Cells, ...]:
        return feature_cells(self.codec)

    @cached_property
    def plain_csv(self) -> PlainCsv:
        return PlainCsv(self.codec, self.cells, cell_table(self.codec))


def load_artifact(folder: Path) -> Artifact:
    codec = read_codec(folder / "features.json")
    booster = xgboost.Booster()
    booster.load_model(folder / "model.ubj")
    training = folder / "training.json"
    return Artifact(booster, codec, json.loads(training.read_text(encoding="utf-8")) if training.exists() else {})


def score_rows(artifact: Artifact, rows: Iterable[Sequence[Any]]) -> Scores:
    """As the booster gives them. Rows: raw cells in feature order. CellError names row and column."""
    return scores_of(artifact.booster, encode_quickly(artifact.codec, artifact.cells, list(rows)))


def rows_of_table(codec: Codec, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The features' cells of rows under a header, in feature order; a feature without a column is missing."""
    position = {name: at for at, name in enumerate(header)}
    wanted = [position.get(name) for name in codec.names]
    return [[None if at is None else row[at] for at in wanted] for row in rows]
