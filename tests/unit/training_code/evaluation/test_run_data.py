import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from evaluation.run_data import SHOWN_REJECTS, read_run_data
from tests.unit.training_code.evaluation.baselines import numbers, statistics

COUNTS = {"rows": 10, "train": 7, "validation": 2, "test": 1, "rejected": 0}


def _arguments(folder: Path) -> Namespace:
    names = ("codec", "baseline", "previous", "champion_baseline", "tuning")
    return Namespace(**{name: folder / name for name in names}, previous_run_id="261120-abcd")


def _write(folder: Path, name: str, document: Any) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")


def test_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    _write(tmp_path, "codec/counts.json", COUNTS)
    _write(tmp_path, "previous/counts.json", COUNTS | {"rows": 9})
    _write(tmp_path, "baseline/statistics.json", statistics(numbers("x", [1, 2, 3])))
    _write(tmp_path, "champion_baseline/statistics.json", statistics(numbers("x", [1, 2, 3])))
    _write(tmp_path, "tuning/tuning.json", {"job": "t"})
    found = read_run_data(_arguments(tmp_path), {"counts": {"rows": 8}})
    assert found.to_json() == {
        "counts": COUNTS,
        "previous": {"run_id": "261120-abcd", "counts": COUNTS | {"rows": 9}},
        "drift": {"features": [{"feature": "x", "type": "numeric", "comparable": True, "psi": 0.0}]},
    }
    assert found.statistics == statistics(numbers("x", [1, 2, 3]))
    assert found.tuning == {"job": "t"}
    assert capsys.readouterr().err == ""


def test_nothing_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = read_run_data(_arguments(tmp_path), {})
    assert found.to_json() == {"counts": None, "previous": None, "drift": None}
    assert (found.statistics, found.rejects, found.tuning) == (None, (), None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("present", "drift"),
    [("baseline", None), ("champion_baseline", {"error": "baseline/statistics.json is not there."})],
)
def test_drift_needs_both_baselines_and_this_runs_must_be_there(tmp_path: Path, present: str, drift: Any):
    _write(tmp_path, f"{present}/statistics.json", statistics(numbers("x", [1, 2])))
    assert read_run_data(_arguments(tmp_path), {}).drift == drift


def test_without_the_codec_the_artifact_says_what_it_learned_from(tmp_path: Path):
    assert read_run_data(_arguments(tmp_path), {"counts": COUNTS}).counts == COUNTS
    assert read_run_data(_arguments(tmp_path), {"counts": None}).counts is None


BROKEN = ["{", "[]", '{"rows": NaN}', '{"rows": 1e999}', "\x00", '"text"']


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("codec/counts.json", "counts"),
        ("previous/counts.json", "previous"),
        ("baseline/statistics.json", "statistics"),
        ("tuning/tuning.json", "tuning"),
    ],
)
def test_what_is_broken_is_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, part: str, text: str
):
    _write(tmp_path, name, text)
    found = read_run_data(_arguments(tmp_path), {})
    assert getattr(found, part) is None
    assert name in capsys.readouterr().err


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("broken", ["baseline", "champion_baseline"])
def test_a_broken_baseline_is_an_error_of_the_drift(tmp_path: Path, text: str, broken: str):
    for name in ("baseline", "champion_baseline"):
        _write(tmp_path, f"{name}/statistics.json", text if name == broken else statistics(numbers("x", [1, 2])))
    drift = read_run_data(_arguments(tmp_path), {}).drift
    assert drift is not None
    assert f"{broken}/statistics.json" in drift["error"]


def test_a_file_that_is_no_text_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "codec").mkdir()
    (tmp_path / "codec" / "counts.json").write_bytes(b"\xff\xfe{}")
    (tmp_path / "codec" / "rejects.csv").write_bytes(b"row_number,column,value,reason\n1,age,\xff,bad\n")
    found = read_run_data(_arguments(tmp_path), {})
    assert (found.counts, found.rejects) == (None, ())
    said = capsys.readouterr().err
    assert "counts.json cannot be read" in said
    assert "rejects.csv cannot be read" in said


def test_the_first_rejected_rows(tmp_path: Path):
    lines = [f'{number},age,"a,{number}","\'a,{number}\' is not a number"' for number in range(3, 30)]
    _write(tmp_path, "codec/rejects.csv", "\n".join(["row_number,column,value,reason", '1,,"x;y",has 2 cells', *lines]))
    found = read_run_data(_arguments(tmp_path), {}).rejects
    assert len(found) == SHOWN_REJECTS
    assert found[0] == {"where": "row 1", "reason": "has 2 cells"}
    assert found[1] == {"where": "row 3, column age", "reason": "'a,3' is not a number"}


def test_the_rejected_rows_of_several_hosts(tmp_path: Path):
    header = "row_number,column,value,reason\n"
    _write(tmp_path, "codec/rejects-algo-1.csv", header + "7,age,x,first\n")
    _write(tmp_path, "codec/rejects-algo-2.csv", header + "8,age,x,second\n" * 30)
    found = read_run_data(_arguments(tmp_path), {}).rejects
    assert [reject["reason"] for reject in found] == ["first", *["second"] * (SHOWN_REJECTS - 1)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "row_number,column,value,reason\n1\n"])
def test_rejects_of_another_form_do_not_fail_the_job(tmp_path: Path, text: str):
    _write(tmp_path, "codec/rejects.csv", text)
    assert all(set(reject) == {"where", "reason"} for reject in read_run_data(_arguments(tmp_path), {}).rejects)
