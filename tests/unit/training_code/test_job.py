import argparse
from collections.abc import Sequence
from pathlib import Path

import pytest

from job import MESSAGE_LIMIT, Arguments, BadData, run


def _raise(error: Exception):
    def main(argv: Sequence[str]) -> None:
        raise error

    return main


def test_success_writes_nothing(tmp_path: Path):
    seen: list[Sequence[str]] = []
    assert run(seen.append, ["--a", "1"], tmp_path / "failure") == 0
    assert seen == [["--a", "1"]]
    assert not (tmp_path / "failure").exists()


def test_bad_data_leaves_its_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(_raise(BadData("Column x is empty: fill it.")), [], tmp_path / "new" / "failure") == 1
    assert (tmp_path / "new" / "failure").read_text() == "Column x is empty: fill it."
    assert "Column x is empty: fill it." in capsys.readouterr().err


def test_an_unexpected_error_names_itself_first_and_its_place_after(tmp_path: Path):
    assert run(_raise(ZeroDivisionError("division by zero")), [], tmp_path / "failure") == 1
    text = (tmp_path / "failure").read_text()
    assert text.startswith("Unexpected ZeroDivisionError: division by zero\n")
    assert "test_job.py" in text


def test_the_failure_file_is_an_argument_and_long_messages_are_cut(tmp_path: Path):
    chosen = tmp_path / "chosen"
    assert run(_raise(BadData("x" * 5000)), ["--failure-file", str(chosen)], tmp_path / "default") == 1
    assert len(chosen.read_text()) == MESSAGE_LIMIT
    assert not (tmp_path / "default").exists()


def test_a_failure_file_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("")
    assert run(_raise(BadData("Why.")), [], tmp_path / "file" / "failure") == 1
    assert "could not be written" in capsys.readouterr().err


def test_a_wrong_argument_is_bad_data():
    parser = Arguments("A job.")
    parser.add_argument("--count", type=int)
    with pytest.raises(BadData, match=r"--count.*invalid int value"):
        parser.parse_args(["--count", "many"])
    assert isinstance(parser, argparse.ArgumentParser)
