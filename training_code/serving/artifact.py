"""A model artifact, as train.py wrote it and as the endpoint and evaluate.py open it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Codec
from codec.features_json import read_codec
from lean_xgboost import xgboost
from serving.cell_table import cell_table
from serving.encoding import Cells, feature_cells
from serving.plain_csv import PlainCsv

# Where training.json names no other, a score of at least this is the positive label.
THRESHOLD = 0.5

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Artifact:
    """What a model folder holds, and what is derived from it once."""

    booster: Any
    codec: Codec
    training: Mapping[str, Any]
    transformed_columns: tuple[str, ...] | None = None
    """Of the file whose lines a transform job sends; None on an endpoint. See transform.py."""

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
