"""Small models of the three tasks and their holdouts, without preprocess.py and train.py."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codec.codec import BINARY, MULTICLASS, REGRESSION, Codec, Feature, Target, encode_rows
from codec.features_json import write_codec
from lean_xgboost import xgboost

CITIES = ("Ulm", "Köln", "Bonn", 'Quote"d,\ncity')
CLASSES = {BINARY: ("No", "Yes"), MULTICLASS: ("high", "low", "mid"), REGRESSION: ()}
PARAMETERS = {
    BINARY: {"objective": "binary:logistic"},
    MULTICLASS: {"objective": "multi:softprob", "num_class": 3},
    REGRESSION: {"objective": "reg:squarederror"},
}


@dataclass(frozen=True)
class Trained:
    """What evaluate.py is given: folders, and the rows that stand in the holdout."""

    folder: Path
    codec: Codec
    rows: list[dict[str, str]]

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def holdout(self) -> Path:
        return self.folder / "holdout"

    def definition(self, **evaluation: Any) -> Path:
        target = self.codec.target
        document = {
            "name": "tiny",
            "data": {
                "target": target.name,
                "task": target.task,
                "positive_label": "Yes",
                "features": {feature.name: {"type": feature.type} for feature in self.codec.features},
            },
            "evaluation": {"bootstrap_replicates": 20, **evaluation},
        }
        path = self.folder / "definition.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def arguments(self, output: Path, *more: str, **evaluation: Any) -> list[str]:
        paths = {"holdout": self.holdout, "model": self.model, "definition": self.definition(**evaluation)}
        paths |= {"output": output} | ({} if "--champion" in more else {"champion": self.folder / "none"})
        return [*(part for name, path in paths.items() for part in (f"--{name}", str(path))), *more]


def raw_rows(task: str, count: int = 400, seed: int = 0) -> list[dict[str, str]]:
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        visits, city = int(rng.integers(0, 20)), CITIES[int(rng.integers(len(CITIES)))]
        income = "NA" if rng.random() < 0.1 else f"{rng.lognormal(8, 0.4):.2f}"
        level = visits + 4 * (city == "Ulm") + rng.normal(0, 3)
        labels = {
            BINARY: "Yes" if level > 10 else "No",
            MULTICLASS: "low" if level < 7 else "mid" if level < 14 else "high",
            REGRESSION: f"{level:.3f}",
        }
        plan = f"plan {number % 30}"
        cells = {"id": f"k{number}", "income": income, "visits": str(visits), "city": city, "plan": plan}
        rows.append({**cells, "y": labels[task]})
    return rows


def tiny_codec(task: str, classes: tuple[str, ...] | None = None) -> Codec:
    return Codec(
        target=Target("y", task, CLASSES[task] if classes is None else classes),
        features=(Feature("income", "numeric"), Feature("visits", "numeric"), Feature("city", "categorical", CITIES)),
        ignored=frozenset({"id", "plan", "y"}),
        missing_values=frozenset({"NA"}),
    )


def make_model(folder: Path, task: str, codec: Codec | None = None, seed: int = 1, **training: Any) -> Path:
    """A model of three rounds, as train.py leaves one."""
    codec = codec or tiny_codec(task)
    rows = raw_rows(task, seed=seed)
    matrix = encode_rows(codec, [[row[name] for name in codec.names] for row in rows])
    labels = np.array([codec.target.value(row["y"]) for row in rows])
    data = xgboost.DMatrix(matrix, labels, feature_types=codec.xgboost_types, enable_categorical=True)
    parameters = {**PARAMETERS[task], "nthread": 1, "max_depth": 3, "seed": 1}
    if task == MULTICLASS:
        parameters["num_class"] = len(codec.target.classes)
    folder.mkdir(parents=True)
    xgboost.train(parameters, data, num_boost_round=3).save_model(folder / "model.ubj")
    write_codec(codec, folder / "features.json")
    (folder / "training.json").write_text(json.dumps({"algorithm": "xgboost", **training}))
    return folder


def write_holdout(folder: Path, rows: list[dict[str, str]], name: str = "holdout.csv") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def make_trained(folder: Path, task: str, **training: Any) -> Trained:
    codec = tiny_codec(task)
    make_model(folder / "model", task, codec, **training)
    rows = raw_rows(task, seed=2)
    write_holdout(folder / "holdout", rows)
    return Trained(folder, codec, rows)
