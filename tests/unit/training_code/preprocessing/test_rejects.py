import csv
from pathlib import Path

import pytest

from job import BadData
from preprocessing.rejects import MOST_LISTED, Reject, RejectLog, check_rejects
from tests.unit.training_code.preprocessing.hosts import Alone, in_threads


def _log(*rejects: Reject) -> RejectLog:
    log = RejectLog()
    log.add(rejects)
    log.rows = len({reject.row_number for reject in rejects})
    return log


def test_the_file_is_in_the_order_of_the_rows(tmp_path: Path):
    _log(Reject(9, "b", "x", "no"), Reject(2, "c", "y" * 500, "no"), Reject(2, "a", "z", "no")).write(
        tmp_path / "r.csv"
    )
    with (tmp_path / "r.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["row_number", "column", "value", "reason"]
    assert [(row[0], row[1]) for row in rows[1:]] == [("2", "a"), ("2", "c"), ("9", "b")]
    assert len(rows[2][2]) == 200


def test_the_list_ends_somewhere_but_the_count_does_not(tmp_path: Path):
    log = RejectLog()
    log.add(Reject(number, "a", "x", "no") for number in range(MOST_LISTED + 10))
    log.write(tmp_path / "r.csv")
    assert len((tmp_path / "r.csv").read_text().splitlines()) == MOST_LISTED + 1
    assert log.summary()["columns"] == {"a": [MOST_LISTED + 10, 0, "no"]}


def test_of_a_long_cell_only_what_is_shown_stays_in_memory():
    assert len(Reject(1, "", "y" * 100_000, "no").value) == 200


def test_as_many_as_allowed_pass():
    assert check_rejects(_log(Reject(1, "a", "x", "no")), 100, 0.01, ("algo-1",), Alone()) == 1


def test_hosts_are_judged_together():
    """One reject of 10 rows here, none of 90 there: one percent."""

    def check(ratio: float) -> list[int]:
        def host(meeting: Alone) -> int:
            log = _log(Reject(4, "age", "x", "'x' is not a number")) if meeting.rank else RejectLog()
            return check_rejects(log, 10 if meeting.rank else 90, ratio, ("algo-1", "algo-2"), meeting)

        return in_threads(2, host)

    assert check(0.01) == [1, 1]
    with pytest.raises(BadData, match=r"1 of 100 rows .* column 'age': 1, the first in row 4 of algo-2: 'x' is not"):
        check(0.009)
