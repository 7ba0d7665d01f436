"""The usual way with pandas, all in memory: medians, one-hot columns, two random splits, three CSV files.

python -m benchmarks.sides.pandas_preprocess DATA DEFINITION OUTPUT
"""

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split


def main(data: str, definition: str, output: str) -> None:
    section = json.loads(Path(definition).read_text(encoding="utf-8"))["data"]
    features = {name: feature["type"] for name, feature in section["features"].items()}
    numeric = [name for name, kind in features.items() if kind == "numeric"]
    frame = pd.read_csv(data)
    for name in numeric:
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
        frame[name] = frame[name].fillna(frame[name].median())
    target = (frame[section["target"]] == section["positive_label"]).astype(int)
    encoded = pd.get_dummies(
        frame[list(features)], columns=[name for name in features if name not in numeric], dtype=int
    )
    encoded.insert(0, section["target"], target)
    rest, test = train_test_split(encoded, test_size=0.1, random_state=42, stratify=encoded[section["target"]])
    train, validation = train_test_split(rest, test_size=2 / 9, random_state=42, stratify=rest[section["target"]])
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    for name, split in (("train", train), ("validation", validation), ("test", test)):
        split.to_csv(folder / f"{name}.csv", header=False, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
