# ruff: noqa: PTH118, PTH123, PTH208 - other people's code
"""A processing script as people write them: its paths are SageMaker's, written out.

python3 /opt/ml/processing/input/code/tally.py --column plan
"""

import argparse
import csv
import json
import os
from collections import Counter

INPUT = "/opt/ml/processing/input/data"
OUTPUT = "/opt/ml/processing/output"

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--column", required=True)
    args = parser.parse_args()

    counts = Counter()
    for name in sorted(os.listdir(INPUT)):
        with open(os.path.join(INPUT, name), newline="") as file:
            counts.update(row[args.column] for row in csv.DictReader(file))

    with open(os.path.join(OUTPUT, "counts", "counts.json"), "w") as file:
        json.dump(counts, file)
    with open("/opt/ml/output/message", "w") as file:
        file.write(f"{sum(counts.values())} rows of {os.environ['UNIT']}")
    print(f"counted {args.column}")
