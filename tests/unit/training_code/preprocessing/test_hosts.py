"""Two hosts, each with some of the files, do what one does with all of them."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import preprocess
from cluster.hosts import ALONE, Cluster
from cluster.meeting import Meeting
from job import BadData
from preprocessing import edges
from tests.unit.training_code.preprocessing.hosts import Alone, in_threads
from tests.unit.training_code.tiny import tiny_rows, write_definition, write_rows

Rows = list[dict[str, Any]]
SPLIT = {"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 3}
BASELINE = ("baseline/statistics.json", "baseline/constraints.json", "baseline/reference.json")
AGREED = ("codec/features.json", "codec/counts.json", *BASELINE)


def _host(data: Path, output: Path, definition: Path, cluster: Cluster, meeting: Meeting, *more: str) -> None:
    paths = ["--data", str(data), "--definition", str(definition), "--output", str(output)]
    preprocess.preprocess(preprocess.parse_arguments([*paths, *more]), cluster, meeting)


def _run(folder: Path, shards: list[list[Rows]], *more: str, **data: Any) -> tuple[Path, Path]:
    """The outputs of one host with all files, and of one host per shard; as in S3, shards write to one place."""
    definition = write_definition(folder / "definition.json", **data)
    hosts = tuple(f"algo-{number}" for number in range(1, len(shards) + 1))
    for host, files in zip(hosts, shards, strict=True):
        (folder / host).mkdir(parents=True)
        for number, rows in enumerate(files):
            write_rows(folder / host / f"{number}.csv", rows)
            write_rows(folder / "all" / f"{host}-{number}.csv", rows)
    _host(folder / "all", folder / "one", definition, Cluster(ALONE, (ALONE,)), Alone(), *more)

    def work(meeting: Meeting) -> None:
        host = hosts[meeting.rank]
        _host(folder / host, folder / "many", definition, Cluster(host, hosts), meeting, *more)

    in_threads(len(hosts), work)
    return folder / "one", folder / "many"


def _lines(output: Path, folder: str) -> Counter[str]:
    """Rows of all files; a holdout's headers left out."""
    skipped = 1 if folder == "holdout" else 0
    files = sorted((output / folder).glob("*.csv"))
    return Counter(line for file in files for line in file.read_text(encoding="utf-8").splitlines()[skipped:])


def _assert_same(one: Path, many: Path) -> None:
    for name in AGREED:
        assert (many / name).read_bytes() == (one / name).read_bytes(), name
    for folder in ("train", "validation", "test", "holdout"):
        assert _lines(many, folder) == _lines(one, folder), folder


@settings(max_examples=15)
@given(
    st.lists(st.integers(0, 2), min_size=6, max_size=6),
    st.sampled_from(["hash", "stratified", "time"]),
    st.sampled_from(["id", None]),
    st.sampled_from([600, 1 << 20]),
)
def test_shards_are_one_data_set(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], method: str, key: str | None, block_bytes: int
):
    """Six files go to three hosts, of which some may get none."""
    rows = tiny_rows(420, seed=7)
    rows[5]["city"], rows[100]["income"] = " Ulm ", "abc"
    column = {"hash": None, "stratified": "city", "time": "income"}[method]
    for number, row in enumerate(rows):
        row["income"] = row["income"] or number
    shards: list[list[Rows]] = [[], [], []]
    for number, place in enumerate(places):
        shards[place].append(rows[number * 70 : (number + 1) * 70])
    split = SPLIT | {"method": method, "column": column}
    missing = {"numeric": "median", "categorical": "level"}
    more = ["--block-bytes", str(block_bytes)]
    drop = ["note"] if key else ["note", "id"]
    _assert_same(
        *_run(tmp_path_factory.mktemp("shards"), shards, *more, split=split, missing=missing, key=key, drop=drop)
    )


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_targets(tmp_path: Path, task: str):
    rows = [{**row, "left": row["visits"] % 4 + (0.1 if task == "regression" else 0)} for row in tiny_rows(400)]
    _assert_same(*_run(tmp_path, [[rows[:150]], [rows[150:]]], task=task, positive_label=None))


@pytest.mark.parametrize("key", ["id", None])
def test_bins_are_of_the_same_sample_whatever_the_shards_blocks_and_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
):
    """More rows than are sampled; without a key many of one hash."""
    monkeypatch.setattr(edges, "MOST_ROWS", 40)
    monkeypatch.setattr(edges, "FEWEST_ROWS", 40)
    rows = tiny_rows(600, seed=3)
    for number, row in enumerate(rows):
        if not key:
            row |= rows[number % 90]
    drop = ["note"] if key else ["note", "id"]
    one, many = _run(tmp_path / "a", [[rows[:200], rows[200:250]], [rows[250:]]], key=key, drop=drop)
    _assert_same(one, many)
    more = ("--block-bytes", "500", "--nthread", "5")
    blocks, _ = _run(tmp_path / "b", [[list(reversed(rows))], []], *more, key=key, drop=drop)
    assert (blocks / "baseline/reference.json").read_bytes() == (one / "baseline/reference.json").read_bytes()


def test_files_carry_the_name_of_their_host(tmp_path: Path):
    rows = tiny_rows(400)
    _, many = _run(tmp_path, [[rows[:200]], [rows[200:]]], "--train-parts", "2")
    names = {
        name: sorted(file.name for file in (many / name).iterdir()) for name in ("train", "test", "holdout", "codec")
    }
    assert names == {
        "train": ["train-algo-1-0.csv", "train-algo-1-1.csv", "train-algo-2-0.csv", "train-algo-2-1.csv"],
        "test": ["test-algo-1-0.csv", "test-algo-2-0.csv"],
        "holdout": ["holdout-algo-1.csv", "holdout-algo-2.csv"],
        "codec": ["counts.json", "features.json", "rejects-algo-1.csv", "rejects-algo-2.csv"],
    }
    with (many / "holdout" / "holdout-algo-2.csv").open(newline="") as stream:
        targets = [float(row["left"] == "Yes") for row in csv.DictReader(stream)]
    lines = (many / "test" / "test-algo-2-0.csv").read_text().splitlines()
    assert [float(line.split(",")[0]) for line in lines] == targets


def test_a_key_that_stands_on_two_hosts(tmp_path: Path):
    rows = tiny_rows(400)
    rows[300]["id"] = rows[7]["id"]
    with pytest.raises(BadData, match=r"1 of its values .*'k00007' \(row 8 of algo-1, row 101 of algo-2\)"):
        _run_shards_only(tmp_path, [rows[:200], rows[200:]])


def test_rejects_are_judged_over_all_hosts(tmp_path: Path):
    """Six percent of one shard are three of the whole: with two allowed, every host fails alike."""
    rows = tiny_rows(400)
    for row in rows[200:212]:
        row["visits"] = "often"
    with pytest.raises(BadData, match=r"12 of 400 rows .*'visits': 12, the first in row 1 of algo-2"):
        _run_shards_only(tmp_path, [rows[:200], rows[200:]])
    assert len((tmp_path / "out" / "codec" / "rejects-algo-2.csv").read_text().splitlines()) == 13


def test_shards_may_differ_in_what_is_dropped(tmp_path: Path):
    rows = tiny_rows(100)
    fewer = [{name: cell for name, cell in row.items() if name != "note"} for row in rows]
    for row in fewer:
        row["id"] = f"more-{row['id']}"
    _run_shards_only(tmp_path, [rows, fewer])
    assert json.loads((tmp_path / "out" / "codec" / "counts.json").read_text())["rows"] == 200


def test_weights_are_judged_over_all_hosts(tmp_path: Path):
    """One host has no row that counts, the other has."""
    rows = [{**row, "weight": int(number >= 200)} for number, row in enumerate(tiny_rows(400))]
    _assert_same(*_run(tmp_path / "some", [[rows[:200]], [rows[200:]]], weight="weight"))
    none = [{**row, "weight": 0} for row in rows]
    with pytest.raises(BadData, match="weights in column 'weight' are 0 in every row of the train split"):
        _run_shards_only(tmp_path / "none", [none[:200], none[200:]], weight="weight")


def _run_shards_only(folder: Path, shards: list[Rows], **data: Any) -> None:
    definition = write_definition(folder / "definition.json", **data)
    hosts = tuple(f"algo-{number}" for number in range(1, len(shards) + 1))
    for number, rows in enumerate(shards):
        write_rows(folder / hosts[number] / f"{number}.csv", rows)

    def work(meeting: Meeting) -> None:
        host = hosts[meeting.rank]
        _host(folder / host, folder / "out", definition, Cluster(host, hosts), meeting)

    in_threads(len(hosts), work)


def test_counts_are_of_all_hosts(tmp_path: Path):
    rows = tiny_rows(400)
    _, many = _run(tmp_path, [[rows[:100]], [rows[100:]]])
    counts = json.loads((many / "codec" / "counts.json").read_text())
    assert counts["rows"] == 400 == counts["train"] + counts["validation"] + counts["test"]
