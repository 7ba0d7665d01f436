import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import preprocess
from codec.codec import encode_rows
from codec.features_json import read_codec
from definition import Split, parse_definition
from job import BadData
from preprocessing.batch_encoding import row_hashes
from preprocessing.rejects import MOST_LISTED
from preprocessing.splitting import fixed_cuts
from tests.unit.training_code.tiny import Pipeline, definition_document, tiny_rows, write_definition, write_rows

Rows = list[dict[str, Any]]


def _run(folder: Path, rows: Rows, *more: str, **data: Any) -> Path:
    file = write_rows(folder / "data" / "rows.csv", rows)
    definition = write_definition(folder / "definition.json", **data)
    preprocess.main(["--data", str(file), "--definition", str(definition), "--output", str(folder / "out"), *more])
    return folder / "out"


def _counts(out: Path) -> Any:
    return json.loads((out / "codec" / "counts.json").read_text(encoding="utf-8"))


def _raw(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _matrix(path: Path) -> np.ndarray[Any, Any]:
    return np.genfromtxt(path, delimiter=",")


def _same_files(first: Path, second: Path) -> bool:
    names = [sorted(f.relative_to(folder) for f in folder.rglob("*") if f.is_file()) for folder in (first, second)]
    return names[0] == names[1] and all((first / n).read_bytes() == (second / n).read_bytes() for n in names[0])


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
    assert _same_files(first, second)
    assert {path.name for path in first.iterdir()} == {"train", "validation", "test", "holdout", "codec", "baseline"}


@pytest.mark.parametrize("key", ["id", None])
def test_blocks_and_threads_change_nothing(tmp_path: Path, key: str | None):
    rows = tiny_rows(400)
    rows[10]["income"], rows[20]["visits"], rows[390]["left"] = "abc", "inf", "maybe"
    data = {"key": key, "missing": {"numeric": "median", "categorical": "level"}}
    if key is None:
        rows = [{name: cell for name, cell in row.items() if name != "id"} for row in rows]
    whole = _run(tmp_path / "whole", rows, **data)
    for number, more in enumerate((["--block-bytes", "500"], ["--block-bytes", "3000", "--nthread", "4"])):
        assert _same_files(whole, _run(tmp_path / str(number), rows, *more, **data))


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


def test_very_many_malformed_rows_are_all_counted(tmp_path: Path):
    definition = write_definition(tmp_path / "definition.json", task="regression")
    (tmp_path / "rows.csv").write_text("id,income,visits,city,left\n" + "1,2\n" * (MOST_LISTED + 5))
    arguments = ["--data", str(tmp_path / "rows.csv"), "--definition", str(definition), "--output"]
    with pytest.raises(BadData, match=r"10005 of 10005 rows .* the number of cells: 10005, the first in row 1: "):
        preprocess.main([*arguments, str(tmp_path / "out")])


def test_repeated_keys_are_named(tmp_path: Path):
    rows = tiny_rows(300)
    rows[7]["id"], rows[9]["id"] = rows[3]["id"], rows[4]["id"]
    for number, more in enumerate(([], ["--block-bytes", "300"])):
        with pytest.raises(BadData, match=r"2 of its values appear.*'k00003' \(rows 4, 8\), 'k00004' \(rows 5, 10\)"):
            _run(tmp_path / str(number), rows, *more)
        assert not list((tmp_path / str(number) / "out").glob(".spill*"))


def test_a_key_is_the_same_with_spaces_around_it(tmp_path: Path):
    rows = tiny_rows(300)
    padded = [{**row, "id": f" {row['id']}  "} for row in rows]
    plain, out = _run(tmp_path / "plain", rows), _run(tmp_path / "padded", padded)
    assert _same_files(plain / "train", out / "train")
    rows[7]["id"] = rows[3]["id"] + " "
    with pytest.raises(BadData, match=r"1 of its values appear.*'k00003' \(rows 4, 8\)"):
        _run(tmp_path / "twice", rows)


def test_without_a_key_a_row_is_the_same_with_spaces_around_its_cells(tmp_path: Path):
    rows = [{name: cell for name, cell in row.items() if name != "id"} for row in tiny_rows(300)]
    padded = [{name: f" {cell} " if cell != "" else "" for name, cell in row.items()} for row in rows]
    plain, out = (_run(tmp_path / name, some, key=None) for name, some in (("plain", rows), ("padded", padded)))
    assert _same_files(plain / "train", out / "train")


def test_a_key_may_be_repeated_by_a_row_that_is_not_used(tmp_path: Path):
    rows = tiny_rows(300)
    rows[7]["id"], rows[7]["visits"] = rows[3]["id"], "often"
    assert _counts(_run(tmp_path, rows))["rejected"] == 1


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
    assert codec.target.classes == ("0", "1")
    assert codec.features[2].levels == ("0", "1", "2")


def test_files_in_several_formats_are_one_data_set(tmp_path: Path):
    rows = tiny_rows(600)
    whole = _run(tmp_path / "whole", rows)
    folder, definition = tmp_path / "data", write_definition(tmp_path / "definition.json")
    write_rows(folder / "a.csv", rows[:200])
    (folder / "b.csv.gz").write_bytes(gzip.compress(write_rows(tmp_path / "b.csv", rows[200:400]).read_bytes()))
    columns = {name: [row[name] for row in rows[400:]] for name in rows[0]}
    columns["income"] = [float(cell) if cell else None for cell in columns["income"]]
    pyarrow.parquet.write_table(pa.table(columns), folder / "c.parquet")
    preprocess.main(["--data", str(folder), "--definition", str(definition), "--output", str(tmp_path / "out")])
    # A Parquet file's numbers have lost how they were written: 5.10 is 5.1 in the holdout.
    for name in ("train/train.csv", "test/test.csv", "codec/features.json", "baseline/statistics.json"):
        assert (tmp_path / "out" / name).read_bytes() == (whole / name).read_bytes(), name
    assert _raw(tmp_path / "out" / "holdout" / "holdout.csv")[:30] == _raw(whole / "holdout" / "holdout.csv")[:30]


@pytest.mark.parametrize("parts", [1, 3])
def test_parquet_holds_what_csv_holds(tmp_path: Path, parts: int):
    rows = [{**row, "weight": number % 3} for number, row in enumerate(tiny_rows(400))]
    more = ["--format", "parquet", "--train-parts", str(parts), "--block-bytes", "2000"]
    text, out = _run(tmp_path / "csv", rows, weight="weight"), _run(tmp_path / "parquet", rows, *more, weight="weight")
    for split in ("train", "validation", "test"):
        files = sorted((out / split).iterdir())
        assert len(files) == (parts if split == "train" else 1)
        table = pa.concat_tables(pyarrow.parquet.read_table(file) for file in files)
        assert table.schema.names == ["left", "weight", "income", "visits", "city"]
        assert [str(kind) for kind in table.schema.types] == ["float", "float", "float", "float", "int32"]
        stored = [[np.nan if cell is None else cell for cell in table[name].to_pylist()] for name in table.schema.names]
        expected = _matrix(text / split / f"{split}.csv").astype(np.float32)
        np.testing.assert_array_equal(np.array(stored, dtype=np.float32).T, expected)


def test_parts_are_equal_in_size_and_in_order(tmp_path: Path):
    whole, out = (_run(tmp_path / n, tiny_rows(500), "--train-parts", n, "--block-bytes", "4000") for n in ("1", "4"))
    parts = sorted((out / "train").iterdir())
    assert [part.name for part in parts] == [f"train-algo-1-{number}.csv" for number in range(4)]
    assert "".join(part.read_text() for part in parts) == (whole / "train" / "train.csv").read_text()
    sizes = [len(part.read_text().splitlines()) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_missing_cells_are_filled_where_the_definition_says_so(tmp_path: Path):
    rows = tiny_rows(400)
    for number in range(0, 400, 9):
        rows[number]["city"] = ""
    kept = _run(tmp_path / "kept", rows)
    out = _run(tmp_path / "filled", rows, missing={"numeric": "median", "categorical": "level"})
    before, after = _matrix(kept / "train" / "train.csv"), _matrix(out / "train" / "train.csv")
    income, visits, city = read_codec(out / "codec" / "features.json").features
    assert income.fill == np.nanmedian(before[:, 1])
    assert visits.fill == np.median(before[:, 2])
    assert city.fill == len(city.levels) + 1
    filled = np.where(np.isnan(before), [0, income.fill, visits.fill, city.fill], before)
    np.testing.assert_array_equal(after, filled)
    # The baseline describes the data as it came.
    assert _same_files(kept / "baseline", out / "baseline")


def test_several_classes(tmp_path: Path):
    rows = [{**row, "left": ("stays", "goes", "sleeps")[row["visits"] % 3]} for row in tiny_rows(500)]
    rows[3]["left"], rows[8]["left"] = "sleps", ""
    out = _run(tmp_path, rows, task="multiclass", positive_label=None)
    codec, counts = read_codec(out / "codec" / "features.json"), _counts(out)
    assert codec.target.classes == ("goes", "sleeps", "stays")
    assert [row["row_number"] for row in _raw(out / "codec" / "rejects.csv")] == ["4", "9"]
    found = np.unique(_matrix(out / "train" / "train.csv")[:, 0], return_counts=True)
    assert dict(zip(found[0], found[1], strict=True)) == dict(enumerate(counts["classes"]["train"].values()))
    assert "positive_ratio" not in counts


def test_a_number_to_predict(tmp_path: Path):
    rows = [{**row, "left": f"{row['visits'] * 1.5}"} for row in tiny_rows(500)]
    rows[3]["left"], rows[8]["left"] = "many", ""
    out = _run(tmp_path, rows, task="regression", positive_label=None)
    assert [row["reason"] for row in _raw(out / "codec" / "rejects.csv")] == [
        "'many' is not a number",
        "the target is missing",
    ]
    for split, mean in _counts(out)["target_mean"].items():
        matrix = _matrix(out / split / f"{split}.csv")
        np.testing.assert_array_equal(matrix[:, 0], matrix[:, 2] * 1.5)
        assert mean == pytest.approx(matrix[:, 0].mean())


def test_weights_stand_after_the_target_and_must_make_sense(tmp_path: Path):
    rows = [{**row, "weight": number / 8} for number, row in enumerate(tiny_rows(400))]
    rows[3]["weight"], rows[4]["weight"], rows[5]["weight"] = "-1", "", "heavy"
    out = _run(tmp_path, rows, weight="weight")
    assert [tuple(row.values())[1:] for row in _raw(out / "codec" / "rejects.csv")] == [
        ("weight", "-1", "the weight is negative"),
        ("weight", "", "the weight is missing"),
        ("weight", "heavy", "'heavy' is not a number"),
    ]
    holdout = [float(row["weight"]) for row in _raw(out / "holdout" / "holdout.csv")]
    assert _matrix(out / "test" / "test.csv")[:, 1].tolist() == holdout
    assert read_codec(out / "codec" / "features.json").weight == "weight"


@pytest.mark.parametrize(("split", "code"), [("train", 0), ("validation", 1)])
def test_weights_that_are_all_zero_are_refused(tmp_path: Path, split: str, code: int):
    """Also those that are zero as a 32-bit float, which is how training holds them."""
    rows = [{**row, "weight": 1} for row in tiny_rows(300)]
    hashes = row_hashes(pa.record_batch({"id": [row["id"] for row in rows]}), parse_definition(definition_document()))
    for row, found in zip(rows, fixed_cuts(Split(0.6, 0.2, 0.2, 3)).codes(hashes), strict=True):
        row["weight"] = "1e-60" if found == code else 1
    with pytest.raises(BadData, match=f"weights in column 'weight' are 0 in every row of the {split} split"):
        _run(tmp_path, rows, weight="weight")


def test_the_codec_of_an_earlier_run(tmp_path: Path):
    rows = tiny_rows(400)
    missing = {"numeric": "median", "categorical": "keep"}
    first = _run(tmp_path / "first", rows, missing=missing)
    later = [{**row, "city": "Atlantis", "income": ""} if row["city"] == "Ulm" else row for row in rows]
    later.append({**later[-1], "id": "new", "left": "maybe"})
    second = _run(tmp_path / "second", later, "--codec", str(first / "codec"), missing=missing)
    codec = read_codec(first / "codec" / "features.json")
    assert read_codec(second / "codec" / "features.json") == codec
    before, after = (_matrix(out / "train" / "train.csv") for out in (first, second))
    was_ulm = before[:, 3] == codec.features[2].levels.index("Ulm")
    assert set(after[was_ulm, 3]) == {float(codec.features[2].other_code)}
    assert set(after[was_ulm, 1]) == {codec.features[0].fill}
    np.testing.assert_array_equal(after[~was_ulm], before[~was_ulm])
    assert _counts(second)["rejected"] == 1


def test_a_codec_of_other_columns_is_refused(tmp_path: Path):
    first = _run(tmp_path / "first", tiny_rows(300))
    features = {"income": {"type": "numeric"}, "city": {"type": "categorical"}}
    with pytest.raises(BadData, match=r"another data.features than .*run without --codec"):
        _run(
            tmp_path / "second",
            tiny_rows(300),
            "--codec",
            str(first / "codec" / "features.json"),
            features=features,
            drop=["note", "visits"],
        )
    with pytest.raises(BadData, match=r"There is no features\.json in"):
        _run(tmp_path / "third", tiny_rows(300), "--codec", str(tmp_path))


def test_the_codec_of_an_earlier_run_learns_which_columns_records_may_hold(tmp_path: Path):
    rows = tiny_rows(300)
    first = _run(tmp_path / "first", rows)
    later = [{**row, "branch": "north"} for row in rows]
    second = _run(tmp_path / "second", later, "--codec", str(first / "codec"), drop=["note", "branch"])
    assert read_codec(second / "codec" / "features.json").ignored == {"id", "left", "note", "branch"}


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        ({}, {"missing": {"numeric": "median"}}, "another data.missing.numeric than"),
        ({"missing": {"numeric": "median"}}, {}, "another data.missing.numeric than"),
        ({}, {"missing": {"categorical": "level"}}, "another data.missing.categorical than"),
        ({"missing": {"categorical": "level"}}, {}, "another data.missing.categorical than"),
        ({}, {"max_categories": 3}, "4 levels of 'city', and data.max_categories is 3: raise it"),
    ],
)
def test_a_codec_that_was_learned_otherwise_is_refused(
    tmp_path: Path, before: dict[str, Any], now: dict[str, Any], sentence: str
):
    first = _run(tmp_path / "first", tiny_rows(300), **before)
    with pytest.raises(BadData, match=f"{sentence}.*run without --codec"):
        _run(tmp_path / "second", tiny_rows(300), "--codec", str(first / "codec"), **now)


def test_a_number_without_any_value_has_no_median_to_take_over(tmp_path: Path):
    rows = [{**row, "income": ""} for row in tiny_rows(300)]
    missing = {"numeric": "median", "categorical": "level"}
    first = _run(tmp_path / "first", rows, missing=missing)
    second = _run(tmp_path / "second", rows, "--codec", str(first / "codec"), missing=missing)
    assert read_codec(second / "codec" / "features.json") == read_codec(first / "codec" / "features.json")


def test_a_file_without_rows(tmp_path: Path):
    (tmp_path / "rows.csv").write_text("id,income,visits,city,left\n")
    definition = write_definition(tmp_path / "definition.json")
    with pytest.raises(BadData, match=r"rows\.csv holds a header and no rows"):
        preprocess.main(
            ["--data", str(tmp_path / "rows.csv"), "--definition", str(definition), "--output", str(tmp_path)]
        )


@pytest.mark.parametrize("argument", [["--nthread", "0"], ["--format", "xlsx"], ["--train-parts", "two"]])
def test_arguments_that_make_no_sense(argument: list[str]):
    with pytest.raises(BadData, match=r"Run it with --help"):
        preprocess.parse_arguments(argument)


def test_a_job_imports_no_package_that_it_can_do_without(tmp_path: Path):
    """pandas alone would cost every job half a second and 50 MB; Arrow imports it where it is asked for it."""
    rows = tiny_rows(400)
    rows[3]["income"], rows[7]["city"] = "abc", ""
    file = write_rows(
        tmp_path / "rows.csv", [{**row, "at": f"2026-01-01 00:{n % 60:02d}"} for n, row in enumerate(rows)]
    )
    table = pyarrow.csv.read_csv(file).set_column(3, "city", pa.array([n % 3 / 2 for n in range(400)]))
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    runs = []
    for number, (name, method, key) in enumerate(
        [("rows.csv", "hash", "id"), ("rows.csv", "stratified", None), ("rows.parquet", "time", "id")]
    ):
        split = {"train": 0.6, "validation": 0.2, "test": 0.2, "method": method, "column": "at"}
        more = {"key": key, "drop": ["note"] if key else ["note", "id"], "missing": {"numeric": "median"}}
        definition = write_definition(tmp_path / f"{number}.json", split=split, **more)
        paths = {"data": tmp_path / name, "definition": definition, "output": tmp_path / str(number)}
        runs.append([part for argument, path in paths.items() for part in (f"--{argument}", str(path))])
    runs[1] += ["--format", "parquet"]
    script = "import sys, preprocess\nfor run in eval(sys.argv[1]): preprocess.main(run)\nprint(sorted(sys.modules))"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(preprocess.__file__).parent)}
    command = [sys.executable, "-c", script, repr(runs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    loaded = set(eval(done.stdout.splitlines()[-1]))
    assert "pyarrow" in loaded
    assert not loaded & {"pandas", "sklearn", "scipy", "xgboost"}
