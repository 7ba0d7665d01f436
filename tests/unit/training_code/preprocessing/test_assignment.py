"""Splits by time and within strata, through preprocess.py."""

import csv
import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preprocess
from job import BadData
from tests.unit.training_code.tiny import tiny_rows, write_definition, write_rows

SPLIT = {"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 3}
START = datetime(2026, 1, 1)


def _run(folder: Path, rows: list[dict[str, Any]], split: dict[str, Any], *more: str, **data: Any) -> Path:
    file = write_rows(folder / "rows.csv", rows)
    definition = write_definition(folder / "definition.json", split=split, **data)
    output = folder / "out"
    preprocess.main(["--data", str(file), "--definition", str(definition), "--output", str(output), *more])
    return output


def _visits(output: Path) -> dict[str, list[float]]:
    """Of each split's rows, in their order."""
    columns = {}
    for split in ("train", "validation", "test"):
        with (output / split / f"{split}.csv").open(newline="") as stream:
            columns[split] = [float(row[2]) for row in csv.reader(stream)]
    return columns


@given(st.lists(st.integers(0, 60), min_size=40, max_size=120), st.sampled_from(["day", "number"]))
def test_the_oldest_train_and_the_newest_test(tmp_path_factory: pytest.TempPathFactory, moments: list[int], how: str):
    """`visits` tells the moment, so that it can be seen in the split files. Rows of one moment stay together."""
    rows = tiny_rows(len(moments))
    for number, (row, moment) in enumerate(zip(rows, moments, strict=True)):
        row["visits"], row["left"] = moment, ("Yes", "No")[number % 2]
        row["at"] = (START + timedelta(days=moment)).isoformat() if how == "day" else moment / 7
    try:
        output = _run(tmp_path_factory.mktemp("time"), rows, SPLIT | {"method": "time", "column": "at"})
    except BadData as error:
        assert "each split needs both values" in str(error)  # noqa: PT017
        return
    splits = _visits(output)
    assert sum(map(len, splits.values())) == len(rows)
    assert max(splits["train"]) < min(splits["validation"])
    assert max(splits["validation"]) < min(splits["test"])
    ordered = sorted(moments)
    cut = ordered[round(0.6 * len(rows))]
    assert len(splits["train"]) == sum(moment < cut for moment in moments)


def test_the_ratios_of_a_time_split_are_exact_where_moments_differ(tmp_path: Path):
    rows = [{**row, "at": (START - timedelta(hours=n)).isoformat(" ")} for n, row in enumerate(tiny_rows(500))]
    output = _run(tmp_path, rows, SPLIT | {"method": "time", "column": "at"}, "--block-bytes", "3000")
    counts = json.loads((output / "codec" / "counts.json").read_text())
    assert [counts[name] for name in ("train", "validation", "test")] == [300, 100, 100]
    with (output / "holdout" / "holdout.csv").open(newline="") as stream:
        assert [row["at"] for row in csv.DictReader(stream)] == [row["at"] for row in rows[:100]]


def test_rows_without_a_moment_are_rejected(tmp_path: Path):
    rows = [{**row, "at": n} for n, row in enumerate(tiny_rows(400))]
    rows[7]["at"], rows[9]["at"] = "soon", ""
    output = _run(tmp_path, rows, SPLIT | {"method": "time", "column": "at"})
    with (output / "codec" / "rejects.csv").open(newline="") as stream:
        rejects = [(row["row_number"], row["column"], row["reason"][:40]) for row in csv.DictReader(stream)]
    assert rejects == [
        ("8", "at", "the cell is neither a number nor a date "),
        ("10", "at", "the cell is neither a number nor a date "),
    ]


def test_each_stratum_is_split_in_the_same_ratios(tmp_path: Path):
    rows = tiny_rows(1000)
    output = _run(tmp_path, rows, SPLIT | {"method": "stratified", "column": "city"}, "--block-bytes", "4000")
    with (output / "holdout" / "holdout.csv").open(newline="") as stream:
        test = Counter(row["city"] for row in csv.DictReader(stream))
    everywhere = Counter(row["city"] for row in rows)
    for city, count in everywhere.items():
        # Two roundings, each by half a row.
        assert test[city] == pytest.approx(0.2 * count, abs=1.01), city


def test_the_target_is_the_stratum_where_none_is_named(tmp_path: Path):
    rows = [{**row, "left": "Yes" if n % 40 == 0 else "No"} for n, row in enumerate(tiny_rows(800))]
    counts = json.loads((_run(tmp_path, rows, SPLIT | {"method": "stratified"}) / "codec" / "counts.json").read_text())
    assert [counts["classes"][split]["Yes"] for split in ("train", "validation", "test")] == [12, 4, 4]


def test_the_order_of_rows_and_blocks_changes_no_stratified_split(tmp_path: Path):
    rows, split = tiny_rows(500), SPLIT | {"method": "stratified", "column": "city"}
    held_out = []
    for name, ordered, more in (("a", rows, []), ("b", rows[::-1], ["--block-bytes", "2500"])):
        with (_run(tmp_path / name, ordered, split, *more) / "holdout" / "holdout.csv").open(newline="") as stream:
            held_out.append({row["id"] for row in csv.DictReader(stream)})
    assert held_out[0] == held_out[1]


def test_too_many_strata(tmp_path: Path):
    rows = tiny_rows(1200)
    with pytest.raises(BadData, match="'note' holds 1,200 different values, too many to stratify by"):
        _run(tmp_path, rows, SPLIT | {"method": "stratified", "column": "note"})
