"""One request, answered by inference.py, by the container's default functions and by bare inplace_predict, in turns.

    OMP_NUM_THREADS=1 python -m benchmarks.sides.scoring MODEL RAW.csv ENCODED.csv ROWS...

RAW: rows as customers have them, in the model's order; ENCODED: the same rows as preprocess.py encodes them; neither
with a header. Prints JSON: for each number of rows, the median microseconds of each side.

The container (aws/sagemaker-xgboost-container, encoder.py and serving.py) sniffs the delimiter, splits the text in
Python, has numpy read the numbers from an array of texts, makes a DMatrix, predicts and writes the scores with a CSV
writer. Its servers run one OpenMP thread per process; so does this one, by the variable above.
"""

import csv
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.processes import TRAINING_CODE

sys.path.insert(0, str(TRAINING_CODE))
import inference
from lean_xgboost import xgboost

# Requests of one side before the next has its turn: a server answers alike requests one after the other.
TURN, TURNS, SECONDS = 20, 30, 4.0

Side = Callable[[], Any]


def container_answer(booster: Any, body: str) -> str:
    csv.Sniffer().sniff(body.split("\n")[0][:512])
    cells = [["nan" if cell == "" else cell for cell in line.split(",")] for line in body.split("\n")]
    scores = booster.predict(xgboost.DMatrix(np.array(cells).astype(np.float64)), validate_features=False)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(np.reshape(scores, (len(scores), -1)))
    return stream.getvalue()


def sides(model: Any, raw: list[str], encoded: list[str]) -> dict[str, Side]:
    body, encoded_body = "\n".join(raw) + "\n", "\n".join(encoded)
    matrix = np.array([[float(cell or "nan") for cell in line.split(",")] for line in encoded], dtype=np.float32)
    return {
        "ours": lambda: inference.transform_fn(model, body, "text/csv", "text/csv")[0],
        "container": lambda: container_answer(model.booster, encoded_body),
        "inplace_predict": lambda: model.booster.inplace_predict(matrix),
    }


def check(compared: dict[str, Side]) -> None:
    """All sides give the same scores, or there is nothing to compare."""
    ours, container = (np.array(compared[name]().split(), dtype=np.float32) for name in ("ours", "container"))
    if not np.array_equal(ours, container) or not np.array_equal(ours, compared["inplace_predict"]()):
        raise SystemExit("the sides do not give the same scores")


def medians(compared: dict[str, Side]) -> dict[str, float]:
    """Microseconds."""
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    end = time.perf_counter() + SECONDS
    for _ in range(TURNS):
        for name, side in compared.items():
            for _ in range(TURN):
                started = time.perf_counter()
                side()
                seconds[name].append(time.perf_counter() - started)
        if time.perf_counter() > end:
            break
    return {name: median(found) * 1e6 for name, found in seconds.items()}


def main(model_dir: str, raw: str, encoded: str, *counts: str) -> None:
    model = inference.model_fn(model_dir)
    rows = [Path(file).read_text(encoding="utf-8").splitlines() for file in (raw, encoded)]
    found = {}
    for count in map(int, counts):
        compared = sides(model, *(lines[:count] for lines in rows))
        check(compared)
        found[count] = medians(compared)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
