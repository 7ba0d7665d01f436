"""The usual way from a CSV file to XGBoost; prints the seconds, imports left out.

python -m benchmarks.sides.pandas_load FILE
"""

import sys
import time

import pandas as pd
import xgboost


def main(file: str, kind: str = "DMatrix") -> None:
    started = time.perf_counter()
    frame = pd.read_csv(file, header=None)
    getattr(xgboost, kind)(frame.iloc[:, 1:], label=frame.iloc[:, 0])
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
