"""A small data set with a known dependence, its definition, and the scripts' arguments for them."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 1200
CITIES = ("Ulm", "Köln", "Bonn", 'Quote"d, city')


@dataclass(frozen=True)
class Pipeline:
    data: Path
    definition: Path
    output: Path
    model: Path

    def read(self, name: str) -> Any:
        return json.loads((self.output / name).read_text(encoding="utf-8"))


def definition_document(**data: Any) -> dict[str, Any]:
    return {
        "name": "tiny",
        "data": {
            "target": "left",
            "task": "binary",
            "positive_label": "Yes",
            "features": {
                "income": {"type": "numeric"},
                "visits": {"type": "numeric"},
                "city": {"type": "categorical"},
            },
            "drop": ["note"],
            "key": "id",
            "mode": "snapshot",
            "split": {"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 3},
            "missing_values": ["", "NA"],
            "max_reject_ratio": 0.02,
            "max_categories": 8,
            "rare_level_min_count": 5,
            **data,
        },
    }


def tiny_rows(count: int = ROWS, seed: int = 0) -> list[dict[str, Any]]:
    """More visits, fewer leave; in Ulm all of that is turned up. Some incomes are missing, one city is rare."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        visits = int(rng.integers(0, 20))
        city = CITIES[int(rng.integers(len(CITIES)))] if number % 400 else "Rareville"
        leaves = rng.random() < 1 / (1 + np.exp(0.4 * (visits - 8) - (city == "Ulm")))
        income = "" if rng.random() < 0.05 else f"{rng.lognormal(8, 0.4):.2f}"
        rows.append(
            {
                "id": f"k{number:05d}",
                "income": income,
                "visits": visits,
                "city": city,
                "note": f"n{number}",
                "left": "Yes" if leaves else "No",
            }
        )
    return rows


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_definition(path: Path, **data: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(definition_document(**data)), encoding="utf-8")
    return path


def channels(output: Path) -> list[str]:
    return [part for name in ("train", "validation", "codec") for part in (f"--{name}", str(output / name))]


def evaluate_arguments(output: Path, model: Path, definition: Path, *more: str) -> list[str]:
    paths = {"holdout": output / "holdout", "model": model, "definition": definition, "output": output}
    paths |= {name: output / name for name in ("codec", "baseline")}
    none = [] if "--champion" in more else ["--champion", str(output / "no-champion")]
    return [*(part for name, path in paths.items() for part in (f"--{name}", str(path))), *none, *more]


def score_rows(model: Any, rows: Sequence[Sequence[Any]]) -> Any:
    """The endpoint's scores of rows of raw cells in feature order."""
    from serving.media_types import JSON
    from serving.predicting import predict
    from serving.requests import Request

    return predict(Request(JSON, rows=[list(row) for row in rows]), model).scores
