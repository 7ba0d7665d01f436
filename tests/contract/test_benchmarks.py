"""The figures that the project shows are those that were measured."""

import json
from pathlib import Path

from benchmarks import results

FOLDER = Path(results.__file__).parent


def test_the_table_is_made_from_the_results():
    found = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))
    assert (FOLDER / "results.md").read_text(encoding="utf-8") == results.table(found)


def test_every_miss_says_why():
    found = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in found["rows"] if row["met"] is False and not row["why"]] == []
