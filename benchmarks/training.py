"""Loading and training: train.py against pandas and against bare xgboost.train, and two hosts against one."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.data import Customers
from benchmarks.processes import run, run_together, script, side
from benchmarks.results import Row

LOAD, TRAIN, SCALING = 6, 1.15, 1.8
# Enough for training to be what is measured, few enough to be repeated.
ROUNDS_OF_TREES = 100


@dataclass(frozen=True)
class Splits:
    """What both sides train on: our Parquet and CSV, the pandas way's CSV, and the arrays ready in memory."""

    parquet: Path
    csv: Path
    pandas: Path
    arrays: Path

    @property
    def codec(self) -> Path:
        return self.parquet / "codec"


def rows(data: Customers, folder: Path, rounds: int) -> list[Row]:
    splits = _splits(data, folder / "training")
    return [*_loading(splits, rounds), _whole(splits, folder / "training", rounds), _hosts(splits, folder, rounds)]


def _splits(data: Customers, folder: Path) -> Splits:
    found = Splits(folder / "parquet", folder / "csv", folder / "pandas", folder / "arrays.npz")
    common = ("--data", data.path, "--definition", data.definition)
    run(script("preprocess", *common, "--output", found.parquet, "--format", "parquet", "--train-parts", 2))
    run(script("preprocess", *common, "--output", found.csv))
    run(side("pandas_preprocess", data.path, data.definition, found.pandas))
    run(side("our_load", found.parquet / "train", found.codec, "--arrays", found.arrays))
    return found


def _loading(splits: Splits, rounds: int) -> list[Row]:
    sides = {
        "parquet": side("our_load", splits.parquet / "train", splits.codec),
        "csv": side("our_load", splits.csv / "train", splits.codec),
        "pandas": side("pandas_load", splits.pandas / "train.csv"),
        "pandas, our file": side("pandas_load", splits.csv / "train" / "train.csv", "QuantileDMatrix"),
    }
    seconds = _medians({name: lambda command=command: _printed(command) for name, command in sides.items()}, rounds)
    return [
        Row(
            "training rows to XGBoost's matrix, from Parquet",
            seconds["parquet"],
            seconds["pandas"],
            "pandas: read_csv of its one-hot file → DMatrix",
            "s",
            LOAD,
        ),
        Row(
            "training rows to XGBoost's matrix, from CSV",
            seconds["csv"],
            seconds["pandas, our file"],
            "pandas: read_csv of the same file → QuantileDMatrix",
            "s",
        ),
    ]


def _medians(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """All sides in turn, so that a machine that changes its speed changes all of them."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            found[name].append(measure())
    return {name: median(seconds) for name, seconds in found.items()}


def _printed(command: list[str]) -> float:
    return float(run(command).output.splitlines()[-1])


def _whole(splits: Splits, folder: Path, rounds: int) -> Row:
    model, parameters = folder / "model", folder / "parameters.json"
    whole = script("train", *_channels(splits.parquet), "--model-dir", model, *_trees())
    run(whole)
    parameters.write_text(json.dumps(_bare_parameters(model)))
    bare = side("bare_train", splits.arrays, parameters)
    seconds = _medians({"ours": lambda: run(whole).seconds, "bare": lambda: _printed(bare)}, rounds)
    return Row(
        f"train.py, start to artifact, {ROUNDS_OF_TREES} rounds",
        seconds["ours"],
        seconds["bare"],
        "xgboost.train on arrays in memory, the same parameters and rounds",
        "s",
        TRAIN,
        aim_is_limit=True,
    )


def _channels(splits: Path, train: Path | None = None) -> list[object]:
    channels = {"train": train or splits / "train", "validation": splits / "validation", "codec": splits / "codec"}
    return [part for name, path in channels.items() for part in (f"--{name}", path)]


def _trees() -> list[object]:
    return ["--num_round", ROUNDS_OF_TREES, "--early_stopping_rounds", ROUNDS_OF_TREES]


def _bare_parameters(model: Path) -> dict[str, object]:
    """The parameters that train.py used, from what it wrote about itself."""
    training = json.loads((model / "training.json").read_text(encoding="utf-8"))
    features = json.loads((model / "features.json").read_text(encoding="utf-8"))["features"]
    of_xgboost = (
        *("max_depth", "eta", "subsample", "colsample_bytree", "min_child_weight", "gamma", "reg_lambda", "reg_alpha"),
        *("max_bin", "max_cat_to_onehot", "scale_pos_weight", "seed"),
    )
    return {
        "params": {name: training["hyperparameters"][name] for name in of_xgboost}
        | {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "nthread": os.cpu_count()},
        "rounds": ROUNDS_OF_TREES,
        "feature_types": ["c" if feature["type"] == "categorical" else "q" for feature in features],
    }


def _hosts(splits: Splits, folder: Path, rounds: int) -> Row:
    """The same two files: on one host with one core, and on two hosts with one core each."""
    shards = []
    for number, file in enumerate(sorted((splits.parquet / "train").iterdir()), start=1):
        shards.append(folder / "shards" / f"algo-{number}")
        shards[-1].mkdir(parents=True)
        shutil.copyfile(file, shards[-1] / file.name)
    sides = {
        "one": lambda: _trained_on(splits, [splits.parquet / "train"], folder),
        "two": lambda: _trained_on(splits, shards, folder),
    }
    seconds = _medians(sides, rounds)
    return Row(
        f"training on two hosts of one core, {ROUNDS_OF_TREES} rounds",
        seconds["two"],
        seconds["one"],
        "the same two files on one host of one core",
        "s",
        SCALING,
        why=(
            "start, the validation split's reading and the artifact are each host's own or the first host's alone, and "
            "after every level of every tree the hosts wait for the slower of them."
        ),
    )


def _trained_on(splits: Splits, shards: list[Path], folder: Path) -> float:
    hosts = [f"127.0.0.{number}" for number in range(1, len(shards) + 1)]
    commands = [
        script("train", *_channels(splits.parquet, shard), "--model-dir", folder / host, "--nthread", 1, *_trees())
        for host, shard in zip(hosts, shards, strict=True)
    ]
    environments = [
        {"SM_HOSTS": json.dumps(hosts), "SM_CURRENT_HOST": host, "TRAINING_JOB_NAME": "bench", "OMP_NUM_THREADS": "1"}
        for host in hosts
    ]
    cores = [{core} for core in sorted(os.sched_getaffinity(0))[: len(shards)]]
    return max(usage.seconds for usage in run_together(commands, environments, cores))
