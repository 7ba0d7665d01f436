"""Raw rows → train, validation and test splits, the feature codec and the monitoring baseline.

On a laptop:

    python training_code/preprocess.py --data churn.csv --definition definition.json --output out/

--data and --definition take a file or a folder. Output: train/train.csv, validation/validation.csv and test/test.csv
(target first, no header, all numeric, empty field = missing), holdout/holdout.csv (the raw rows of the test split, in
the order of test.csv), codec/{features.json,counts.json,rejects.csv}, baseline/{statistics.json,constraints.json}.
"""

import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from codec.cells import cell_text
from codec.codec import CATEGORICAL, NUMERIC, Codec, Feature, Target, cell_encoder, encode_distinct
from codec.features_json import write_codec
from definition import DataDefinition, read_definition
from job import OUTPUT_DIR, Arguments, BadData, run
from preprocessing import baseline
from preprocessing.columns import DistinctColumn, arrow_floats, arrow_mask, distinct_column, text_column
from preprocessing.raw_table import RawTable, read_raw_table
from preprocessing.rejects import RejectLog
from preprocessing.splitting import TEST, TRAIN, VALIDATION, assign_splits
from preprocessing.vocabulary import learn_levels, level_counts

PROCESSING = Path("/opt/ml/processing")
SPLITS = (TRAIN, VALIDATION, TEST)
FOLDERS = (*SPLITS, "holdout", "codec", "baseline")
SHOWN_KEYS = 5

Columns = Mapping[str, DistinctColumn]
Masks = Mapping[str, npt.NDArray[np.bool_]]
Floats = npt.NDArray[np.float64]


def parse_arguments(argv: Sequence[str]) -> Namespace:
    parser = Arguments(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROCESSING / "input/data")
    parser.add_argument("--definition", type=Path, default=PROCESSING / "input/definition")
    parser.add_argument("--output", type=Path, default=PROCESSING / "output")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    folders = _make_folders(arguments.output)
    definition = read_definition(arguments.definition)
    raw = read_raw_table(arguments.data, definition)

    log = RejectLog(raw.numbers, raw.malformed)
    columns = {name: distinct_column(raw.cells[name]) for name in definition.required_columns}
    labels = _labels(columns[definition.target], definition)
    _reject_bad_cells(log, columns, labels, definition)
    log.write(folders["codec"] / "rejects.csv")
    log.check(raw.row_count, definition.max_reject_ratio)

    cells = raw.cells.filter(arrow_mask(log.good))
    columns = {name: column.take(log.good) for name, column in columns.items()}
    _check_keys(columns, raw.numbers[log.good], definition)
    splits = _split(cells, definition)
    target = _target_values(columns[definition.target], labels)
    counts = _counts(raw, log, splits, target)
    _check_classes(counts, definition)

    codec = _learn_codec(columns, splits[TRAIN], labels, definition)
    matrix = {feature.name: _encode(codec, feature, columns[feature.name]) for feature in codec.features}

    for name in SPLITS:
        _write_split(folders[name] / f"{name}.csv", target[splits[name]], _rows(matrix, splits[name]))
    pyarrow.csv.write_csv(cells.filter(arrow_mask(splits[TEST])), str(folders["holdout"] / "holdout.csv"))
    write_codec(codec, folders["codec"] / "features.json")
    _write_json(folders["codec"] / "counts.json", counts)
    _write_baseline(folders["baseline"], codec, columns, matrix, splits[TRAIN], definition)
    print(json.dumps(counts))


def _make_folders(output: Path) -> dict[str, Path]:
    folders = {name: output / name for name in FOLDERS}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def _labels(column: DistinctColumn, definition: DataDefinition) -> dict[str, int]:
    """Text → 1 or 0. The negative label is the most frequent value that is not the positive one."""
    counts = level_counts(column.counts(), frozenset(definition.missing_values))
    if definition.positive_label not in counts:
        shown = ", ".join(sorted(counts)[:SHOWN_KEYS]) or "only missing cells"
        raise BadData(
            f"Column {definition.target!r} never holds the positive label {definition.positive_label!r}; it holds: "
            f"{shown}. Correct data.positive_label in model.yaml, or upload data with both classes."
        )
    others = sorted(counts.keys() - {definition.positive_label}, key=lambda text: (-counts[text], text))
    if not others:
        raise BadData(
            f"Column {definition.target!r} holds {definition.positive_label!r} in every row: "
            "there is nothing to tell apart. Upload data with both classes."
        )
    return {definition.positive_label: 1, others[0]: 0}


def _reject_bad_cells(log: RejectLog, columns: Columns, labels: Mapping[str, int], definition: DataDefinition) -> None:
    target = columns[definition.target]
    log.add(definition.target, target, _unknown_labels(target, labels))
    if definition.key:
        key = columns[definition.key]
        log.add(
            definition.key, key, {i: "the key is missing" for i, value in enumerate(key.values) if not value.strip()}
        )
    missing = frozenset(definition.missing_values)
    for name, kind in definition.features.items():
        if kind == NUMERIC:
            _, reasons = encode_distinct(cell_encoder(Feature(name, kind), missing), columns[name].values)
            log.add(name, columns[name], reasons)


def _unknown_labels(column: DistinctColumn, labels: Mapping[str, int]) -> dict[int, str]:
    expected = " or ".join(repr(label) for label in labels)
    return {
        position: f"the target is not {expected}"
        for position, value in enumerate(column.values)
        if cell_text(value) not in labels
    }


def _check_keys(columns: Columns, numbers: npt.NDArray[np.int64], definition: DataDefinition) -> None:
    if not definition.key:
        return
    key = columns[definition.key]
    repeated = [value for value, count in key.counts().items() if count > 1]
    if not repeated:
        return
    shown = []
    for value in repeated[:SHOWN_KEYS]:
        rows = numbers[key.index == key.values.index(value)]
        shown.append(f"{value!r} (rows {', '.join(str(row) for row in rows[:3])})")
    more = ", …" if len(repeated) > SHOWN_KEYS else ""
    raise BadData(
        f"The key column {definition.key!r} must be unique, but {len(repeated)} of its values appear more than once: "
        f"{', '.join(shown)}{more}. Remove the repeated rows, or name another key in model.yaml."
    )


def _split(cells: pa.Table, definition: DataDefinition) -> Masks:
    """By the key; without one by all of the row's columns, in name order: a file may order them as it likes."""
    names = [definition.key] if definition.key else sorted(cells.column_names)
    return assign_splits([text_column(cells[name]) for name in names], definition.split)


def _target_values(column: DistinctColumn, labels: Mapping[str, int]) -> Floats:
    # Rejected labels still stand among the distinct values; no row points to them any more.
    return np.array([labels.get(cell_text(value), -1) for value in column.values], dtype=np.float64)[column.index]


def _counts(raw: RawTable, log: RejectLog, splits: Masks, target: Floats) -> dict[str, Any]:
    sizes = {name: int(mask.sum()) for name, mask in splits.items()}
    ratios = {name: float(target[mask].mean()) if sizes[name] else 0.0 for name, mask in splits.items()}
    return {"rows": raw.row_count, **sizes, "rejected": log.count, "positive_ratio": ratios}


def _check_classes(counts: Mapping[str, Any], definition: DataDefinition) -> None:
    for name in SPLITS:
        if not 0 < counts["positive_ratio"][name] < 1:
            held = "no row" if not counts[name] else "rows of one class only"
            raise BadData(
                f"The {name} split holds {held} ({counts[name]} of {counts['rows']} rows): each split needs both "
                f"values of {definition.target!r}. Upload more rows, or change data.split in model.yaml."
            )


def _learn_codec(
    columns: Columns, train: npt.NDArray[np.bool_], labels: Mapping[str, int], definition: DataDefinition
) -> Codec:
    missing = frozenset(definition.missing_values)
    features = []
    for name, kind in definition.features.items():
        levels: tuple[str, ...] = ()
        if kind == CATEGORICAL:
            counts = level_counts(columns[name].take(train).counts(), missing)
            levels = learn_levels(counts, definition.max_categories, definition.rare_level_min_count)
        features.append(Feature(name, kind, levels))
    positive, negative = labels
    return Codec(
        target=Target(definition.target, definition.task, (negative, positive)),
        features=tuple(features),
        ignored=frozenset(definition.columns) - frozenset(definition.features),
        missing_values=missing,
    )


def _encode(codec: Codec, feature: Feature, column: DistinctColumn) -> Floats:
    codes, _ = encode_distinct(cell_encoder(feature, codec.missing_values), column.values)
    return codes[column.index]


def _rows(matrix: Mapping[str, Floats], mask: npt.NDArray[np.bool_]) -> list[Floats]:
    return [values[mask] for values in matrix.values()]


def _write_split(path: Path, target: Floats, features: Sequence[Floats]) -> None:
    arrays = [arrow_floats(values) for values in (target, *features)]
    table = pa.Table.from_arrays(arrays, names=[str(position) for position in range(len(arrays))])
    pyarrow.csv.write_csv(table, str(path), pyarrow.csv.WriteOptions(include_header=False))


def _write_baseline(
    folder: Path,
    codec: Codec,
    columns: Columns,
    matrix: Mapping[str, Floats],
    train: npt.NDArray[np.bool_],
    definition: DataDefinition,
) -> None:
    features = []
    for feature in codec.features:
        values = matrix[feature.name][train]
        if feature.type == NUMERIC:
            features.append(baseline.numeric_statistics(feature.name, values))
        else:
            levels = level_counts(columns[feature.name].take(train).counts(), codec.missing_values)
            features.append(baseline.string_statistics(feature.name, levels, int(np.isnan(values).sum())))
    statistics = baseline.statistics_document(int(train.sum()), features)
    baseline.write_baseline(folder, statistics, baseline.constraints_document(statistics, definition.max_categories))


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], OUTPUT_DIR / "message"))
