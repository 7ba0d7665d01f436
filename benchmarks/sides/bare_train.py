"""xgboost.train on arrays that are ready in memory, with the parameters and rounds of a training.json.

    python -m benchmarks.sides.bare_train ARRAYS.npz PARAMETERS.json

Prints the seconds from the arrays to the trained model: the matrices and the rounds, nothing else.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import xgboost


def main(arrays: str, parameters: str) -> None:
    wanted = json.loads(Path(parameters).read_text(encoding="utf-8"))
    with np.load(arrays) as ready:
        train, validation = ((ready[f"{name}_x"], ready[f"{name}_y"]) for name in ("train", "validation"))
    started = time.perf_counter()
    types = wanted["feature_types"]
    matrix = xgboost.QuantileDMatrix(*train, feature_types=types, max_bin=wanted["params"].get("max_bin", 256))
    watched = xgboost.QuantileDMatrix(*validation, feature_types=types, ref=matrix)
    xgboost.train(
        wanted["params"],
        matrix,
        num_boost_round=wanted["rounds"],
        evals=[(watched, "validation")],
        verbose_eval=False,
    )
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
