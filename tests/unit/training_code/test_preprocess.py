import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import preprocess
from codec.codec import encode_rows
from codec.features_json import read_codec
from job import BadData
from tests.unit.training_code.tiny import Pipeline, tiny_rows, write_definition, write_rows

Rows = list[dict[str, Any]]


def _run(folder: Path, rows: Rows, **data: Any) -> Path:
    file = write_rows(folder / "data" / "rows.csv", rows)
    definition = write_definition(folder / "definition.json", **data)
    preprocess.main(["--data", str(file), "--definition", str(definition), "--output", str(folder / "out")])
    return folder / "out"


def _raw(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _matrix(path: Path) -> np.ndarray[Any, Any]:
    return np.genfromtxt(path, delimiter=",")


def test_splits_are_numeric_with_the_target_first_and_hold_every_row(pipeline: Pipeline):
    counts = pipeline.read("codec/counts.json")
    matrices = {name: _matrix(pipeline.output / name / f"{name}.csv") for name in ("train", "validation", "test")}
    assert {name: len(matrix) for name, matrix in matrices.items()} == {name: counts[name] for name in matrices}
    assert sum(len(matrix) for matrix in matrices.values()) == counts["rows"] == 1200
    for name, matrix in matrices.items():
        assert matrix.shape[1] == 4
        assert set(matrix[:, 0]) == {0.0, 1.0}
        assert matrix[:, 0].mean() == pytest.approx(counts["positive_ratio"][name])
    assert counts["rejected"] == 0


def test_holdout_is_the_raw_test_split_in_the_same_order(pipeline: Pipeline):
    holdout = _raw(pipeline.output / "holdout" / "holdout.csv")
    by_key = {row["id"]: {name: str(cell) for name, cell in row.items()} for row in _raw(pipeline.data)}
    assert [by_key[row["id"]] for row in holdout] == holdout
    test = _matrix(pipeline.output / "test" / "test.csv")
    codec = read_codec(pipeline.output / "codec" / "features.json")
    encoded = encode_rows(codec, [[row[name] for name in codec.names] for row in holdout])
    np.testing.assert_array_equal(encoded, test[:, 1:].astype(np.float32))
    assert [float(row["left"] == "Yes") for row in holdout] == test[:, 0].tolist()


def test_vocabulary_comes_from_the_training_split_alone(tmp_path: Path):
    """A level that is frequent, but outside of the training split, stays unknown."""
    rows = tiny_rows(600)
    held_out = {row["id"] for row in _raw(_run(tmp_path / "first", rows) / "holdout" / "holdout.csv")}
    for row in rows:
        row["city"] = "Atlantis" if row["id"] in held_out else row["city"]
    out = _run(tmp_path / "second", rows)
    codec = read_codec(out / "codec" / "features.json")
    assert codec.features[2].levels == ("Bonn", "Köln", 'Quote"d, city', "Ulm")
    assert set(_matrix(out / "test" / "test.csv")[:, 3]) == {4.0}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path):
    rows = tiny_rows(300)
    first, second = (_run(tmp_path / name, rows) for name in ("a", "b"))
    for file in sorted(path for path in first.rglob("*") if path.is_file()):
        assert file.read_bytes() == (second / file.relative_to(first)).read_bytes(), file


def test_appended_rows_do_not_move_the_others(tmp_path: Path):
    rows = tiny_rows(900)
    few = {row["id"] for row in _raw(_run(tmp_path / "few", rows[:600]) / "holdout" / "holdout.csv")}
    many = {row["id"] for row in _raw(_run(tmp_path / "many", rows[::-1]) / "holdout" / "holdout.csv")}
    assert few == {key for key in many if key < "k00600"}


def test_without_a_key_the_rows_content_decides(tmp_path: Path):
    rows = [{name: row[name] for name in ("left", "income", "visits", "city", "note")} for row in tiny_rows(600)]
    turned = [dict(reversed(row.items())) for row in reversed(rows)]
    first = _raw(_run(tmp_path / "a", rows, key=None) / "holdout" / "holdout.csv")
    second = _raw(_run(tmp_path / "b", turned, key=None) / "holdout" / "holdout.csv")
    assert {row["note"] for row in first} == {row["note"] for row in second}


def test_blanks_are_missing_and_words_are_rejected_with_row_column_and_reason(tmp_path: Path):
    rows = tiny_rows(400)
    rows[0]["income"], rows[1]["income"], rows[2]["income"] = "", " ", "NA"
    rows[10]["income"], rows[20]["visits"], rows[30]["left"], rows[40]["id"] = "abc", "inf", "maybe", " "
    rows[50]["income"] = rows[50]["visits"] = "x"
    out = _run(tmp_path, rows)
    assert [tuple(row.values()) for row in _raw(out / "codec" / "rejects.csv")] == [
        ("11", "income", "abc", "'abc' is not a number"),
        ("21", "visits", "inf", "'inf' is not a finite number of at most 3.4e38"),
        ("31", "left", "maybe", "the target is not 'Yes' or 'No'"),
        ("41", "id", " ", "the key is missing"),
        ("51", "income", "x", "'x' is not a number"),
        ("51", "visits", "x", "'x' is not a number"),
    ]
    counts = json.loads((out / "codec" / "counts.json").read_text())
    assert (counts["rows"], counts["rejected"]) == (400, 5)
    assert counts["train"] + counts["validation"] + counts["test"] == 395


def test_too_many_rejects_fail_the_job_and_are_still_written(tmp_path: Path):
    rows = tiny_rows(400)
    for row in rows[:12]:
        row["visits"] = "often"
    with pytest.raises(BadData, match=r"12 of 400 rows cannot be used \(3.0%.*allows 2.0%.*'visits': 12, .* row 1: "):
        _run(tmp_path, rows)
    assert len(_raw(tmp_path / "out" / "codec" / "rejects.csv")) == 12


def test_repeated_keys_are_named(tmp_path: Path):
    rows = tiny_rows(300)
    rows[7]["id"], rows[9]["id"] = rows[3]["id"], rows[4]["id"]
    with pytest.raises(BadData, match=r"2 of its values appear.*'k00003' \(rows 4, 8\), 'k00004' \(rows 5, 10\)"):
        _run(tmp_path, rows)


def test_a_positive_label_that_never_appears(tmp_path: Path):
    with pytest.raises(BadData, match="never holds the positive label 'True'; it holds: No, Yes"):
        _run(tmp_path, tiny_rows(300), positive_label="True")


def test_one_class_only(tmp_path: Path):
    with pytest.raises(BadData, match="'Yes' in every row"):
        _run(tmp_path, [{**row, "left": "Yes"} for row in tiny_rows(300)])


def test_a_split_without_both_classes(tmp_path: Path):
    rows = [{**row, "left": "Yes" if number == 0 else "No"} for number, row in enumerate(tiny_rows(300))]
    with pytest.raises(BadData, match=r"split holds rows of one class only \(\d+ of 300 rows\)"):
        _run(tmp_path, rows)


def test_an_integer_label_and_numbers_as_levels(tmp_path: Path):
    rows = [{**row, "left": int(row["left"] == "Yes"), "city": row["visits"] % 3} for row in tiny_rows(300)]
    codec = read_codec(_run(tmp_path, rows, positive_label=1) / "codec" / "features.json")
    assert (codec.positive_label, codec.negative_label) == ("1", "0")
    assert codec.features[2].levels == ("0", "1", "2")
