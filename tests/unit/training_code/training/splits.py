"""Splits as preprocess.py writes them, of any task, as CSV or Parquet."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from codec.codec import BINARY, CATEGORICAL, MULTICLASS, NUMERIC, Codec, Feature, Target
from codec.features_json import write_codec

CLASSES = {BINARY: ("No", "Yes"), MULTICLASS: ("a", "b", "c")}
FEATURES = (Feature("age", NUMERIC), Feature("load", NUMERIC), Feature("city", CATEGORICAL, ("Bonn", "Ulm")))


@dataclass(frozen=True)
class Split:
    """target (n,), weight (n,), features (n, 3) with NaN where missing, 32 bits each."""

    target: np.ndarray
    weight: np.ndarray
    features: np.ndarray


def codec_of(task: str, weighted: bool = False) -> Codec:
    target = Target("outcome", task, CLASSES.get(task, ()))
    return Codec(target, FEATURES, frozenset({"outcome"}), frozenset({""}), "importance" if weighted else None)


def make_split(task: str, rows: int, seed: int, missing: float = 0.1) -> Split:
    """The target rises with age, falls with load, and differs between cities; `missing`: the share of such cells."""
    rng = np.random.default_rng(seed)
    features = np.column_stack([rng.normal(size=rows), rng.random(rows), rng.integers(0, 3, rows)]).astype(np.float32)
    score = features[:, 0] - 2 * features[:, 1] + (features[:, 2] == 1) + rng.normal(0, 0.5, rows)
    features[rng.random(features.shape) < missing] = np.nan
    # The last class is the rarest.
    cuts = {BINARY: [0.8], MULTICLASS: [-0.5, 1.5]}.get(task)
    target = np.digitize(score, cuts) if cuts else score
    return Split(target.astype(np.float32), rng.uniform(0.5, 2, rows).astype(np.float32), features)


def write_split(folder: Path, codec: Codec, split: Split, suffix: str = "csv", files: int = 1) -> Path:
    folder.mkdir(parents=True)
    for number, rows in enumerate(np.array_split(np.arange(len(split.target)), files)):
        file = folder / f"{folder.name}-{number}.{suffix}"
        weight = [split.weight[rows]] if codec.weight else []
        columns = [split.target[rows], *weight, *split.features[rows].T]
        (_write_csv if suffix == "csv" else _write_parquet)(file, codec, columns)
    return folder


def write_channels(folder: Path, task: str, weighted: bool = False, suffix: str = "csv", **shape: float) -> list[str]:
    """train.py's arguments for splits that are always the same."""
    codec = codec_of(task, weighted)
    arguments = []
    for seed, name in enumerate(("train", "validation")):
        write_split(folder / name, codec, make_split(task, seed=seed, **{"rows": 900, **shape}), suffix)
        arguments += [f"--{name}", str(folder / name)]
    (folder / "codec").mkdir()
    write_codec(codec, folder / "codec" / "features.json")
    return [*arguments, "--codec", str(folder / "codec"), "--model-dir", str(folder / "model")]


def _write_csv(file: Path, codec: Codec, columns: list[np.ndarray]) -> None:
    with file.open("w", newline="") as stream:
        rows = zip(*(column.tolist() for column in columns), strict=True)
        csv.writer(stream).writerows([["" if np.isnan(value) else value for value in row] for row in rows])


def _write_parquet(file: Path, codec: Codec, columns: list[np.ndarray]) -> None:
    names = [codec.target.name, *([codec.weight] if codec.weight else []), *codec.names]
    types = [pa.int32() if name == "city" else pa.float32() for name in names]
    arrays = [
        pa.array([None if np.isnan(value) else value for value in column.tolist()], pa.float32()).cast(kind)
        for column, kind in zip(columns, types, strict=True)
    ]
    pyarrow.parquet.write_table(pa.table(arrays, names=names), file, row_group_size=100)
