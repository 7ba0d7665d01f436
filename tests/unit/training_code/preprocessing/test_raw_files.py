from datetime import UTC, datetime
from pathlib import Path

import pytest

from job import BadData
from preprocessing.raw_files import data_files, is_captured, is_parquet, shard_files
from sluice.naming import new_check_id


def test_every_file_but_the_markers(tmp_path: Path):
    for name in ("b.csv", "a.csv", "_SUCCESS", ".hidden", "part=1/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [file.relative_to(tmp_path).as_posix() for file in data_files(tmp_path)] == [
        "a.csv",
        "b.csv",
        "part=1/c.csv",
    ]
    assert data_files(tmp_path / "b.csv") == [tmp_path / "b.csv"]


def test_no_file_is_an_error_only_for_who_is_alone(tmp_path: Path):
    with pytest.raises(BadData, match="no data file in"):
        data_files(tmp_path)
    assert shard_files(tmp_path) == []


def test_the_content_tells_the_format(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"PAR1...")
    (tmp_path / "b").write_bytes(b"")
    assert (is_parquet(tmp_path / "a"), is_parquet(tmp_path / "b")) == (True, False)


def test_captured_rows_are_known_by_their_files_name():
    check_id = new_check_id(datetime(2026, 11, 21, tzinfo=UTC), "churn", "schedule")
    assert is_captured(Path(f"data/captured-{check_id}.csv"))
    assert not is_captured(Path("data/captured-2026.csv"))
