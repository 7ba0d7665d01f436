# ruff: noqa: PTH118, PTH123 - other people's code
"""A scikit-learn training script as people write them for SageMaker; it knows nothing of the cloud it runs in.

python train.py --train data/ --model-dir model/ --max-depth 3
"""

import argparse
import csv
import os
from pathlib import Path

import joblib
from columns import FEATURES, TARGET
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--regularization", type=float, default=1.0)
    parser.add_argument("--max_iter", type=int, default=100)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--output-data-dir", default=os.environ.get("SM_OUTPUT_DATA_DIR"))
    return parser.parse_args()


def read_rows(folder):
    for path in sorted(Path(folder).glob("*.csv")):
        with path.open(newline="") as file:
            yield from csv.DictReader(file)


if __name__ == "__main__":
    args = parse_args()
    rows = list(read_rows(args.train))
    x = [[float(row[name]) for name in FEATURES] for row in rows]
    y = [int(row[TARGET]) for row in rows]

    model = make_pipeline(StandardScaler(), LogisticRegression(C=args.regularization, max_iter=args.max_iter))
    model.fit(x, y)
    print(f"rows={len(rows)} train-accuracy={model.score(x, y):.4f};")

    joblib.dump(model, os.path.join(args.model_dir, "model.joblib"))
    with open(os.path.join(args.output_data_dir, "rows.txt"), "w") as file:
        file.write(str(len(rows)))
