import json
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.results import Row

FASTER = Row("preprocess", 4.0, 26.0, "pandas", "s", 6)
WITHIN = Row("peak memory", 400, 450, "the limit", "MB", 1.0, aim_is_limit=True)
SLOWER = Row("score 1,000 rows", 4000, 16000, "the container", "µs", 5, why="the trees themselves take 3,000 µs.")


@pytest.mark.parametrize(
    ("row", "ratio", "met"),
    [
        (FASTER, 6.5, True),
        (WITHIN, 400 / 450, True),
        (SLOWER, 4.0, False),
        (Row("memory", 500, 450, "the limit", "MB", 1.0, aim_is_limit=True), 500 / 450, False),
        (Row("for information", 1, 2, "something", "s"), 2.0, None),
    ],
)
def test_the_ratio_says_how_much_better_or_how_much_of_a_limit(row: Row, ratio: float, met: bool | None):
    assert row.ratio == pytest.approx(ratio)
    assert row.met is met


def test_a_miss_is_explained_and_a_hit_is_not():
    hit = Row("x", 1, 9, "y", "s", 2, why="would be slow because")
    assert [row.to_json()["why"] for row in (SLOWER, hit)] == ["the trees themselves take 3,000 µs.", ""]


def test_what_is_written_and_what_people_read_say_the_same(tmp_path: Path):
    found = results.document([FASTER, WITHIN, SLOWER])
    results.write(found, tmp_path)
    again = json.loads((tmp_path / "results.json").read_text())
    assert again == found
    assert {"name", "ours", "other", "other_is", "unit", "ratio", "aim", "met"} <= again["rows"][0].keys()
    text = (tmp_path / "results.md").read_text()
    assert text == results.table(again)
    assert "| preprocess | 4 s | 26 s | pandas | 6.50 | ≥ 6 | met |" in text
    assert "| score 1,000 rows | 4,000 µs | 16,000 µs | the container | 4.00 | ≥ 5 | **missed** |" in text
    assert "- **score 1,000 rows**: the trees themselves take 3,000 µs." in text


def test_rows_measured_again_take_their_namesakes_place(tmp_path: Path):
    first, second = Row("a", 1, 2, "b", "s"), Row("c", 1, 2, "b", "s")
    results.write(results.document([first, second]), tmp_path)

    again = results.document([Row("a", 1, 8, "b", "s"), Row("d", 1, 2, "b", "s")])
    merged = results.updated(results.read(tmp_path), again)

    assert [(row["name"], row["ratio"]) for row in merged["rows"]] == [("a", 8), ("c", 2), ("d", 2)]


def test_rows_of_two_machines_do_not_stand_in_one_table():
    found = results.document([])

    with pytest.raises(ValueError, match="another machine"):
        results.updated({**found, "machine": "another machine"}, found)
