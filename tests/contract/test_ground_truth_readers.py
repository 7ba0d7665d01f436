"""A file of labels means the same to a check of production and to a trial."""

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from monitoring.ground_truth import ID_COLUMNS as ID_COLUMNS_CHECKED
from monitoring.ground_truth import MOST_ROWS as MOST_ROWS_CHECKED
from monitoring.ground_truth import read_ground_truth
from monitoring.known_ids import KnownIds, digest
from monitoring.unreadable import UnreadableLog
from sluice.trial.ground_truth import ID_COLUMNS, MOST_ROWS, UnreadableLabelError
from sluice.trial.label_files import read_label_file
from sluice.trial.truths import Truths

TARGET = "churned"
IDS = ("a", "b", "c")
ROWS = 3

Found = tuple[dict[str, tuple[str | None, ...]], int, tuple[str, int] | None]
"""Labels by id, how many lines are none, and where the first of those is."""

JSON_LINES = [
    '{"groundTruthData": {"data": "yes\\n\\"\\"\\nno"}, "eventMetadata": {"eventId": "a"}}',
    "",
    '{"groundTruthData": {"data": "1", "encoding": "JSON"}, "eventMetadata": {"eventId": "b"}}',
    '{"groundTruthData": {"data": ""}, "eventMetadata": {"eventId": "b"}}',
    '{"groundTruthData": {"data": "1"}, "eventMetadata": {"eventId": 7}}',
    '{"groundTruthData": {"data": "1"}}',
    '{"groundTruthData": {"data": "no\\nno\\nno", "encoding": "CSV"}, "eventMetadata": {"eventId": "c"}}',
]
FILES = {
    "rows.csv": ["inference_id,row,label", "a,1,yes", "a,3,no", "b,2, no ", "", "a,1,maybe", "c,0,yes", "c,x,yes", "c"],
    "target.CSV": ["\ufeffother,churned,eventId,row", ",yes,a,1", ",,b,1", '"x', 'y",no,c,2'],
    "both.csv": ["label,churned,event_id,inference_id,row", "yes,no,b,a,1"],
    "header.csv": ["id,label", "a,yes"],
    "empty.csv": [],
    "quotes.csv": ["event_id,label,row", "a,yes,1", 'b,"no"x,1', "c,yes,1"],
    "lines.jsonl": JSON_LINES,
    "lines": JSON_LINES,
    "csv.jsonl": ["event_id,label", "a,yes"],
}


def checked(folder: Path, name: str, body: bytes) -> Found:
    (folder / "ground-truth").mkdir()
    (folder / "ground-truth" / name).write_bytes(body)
    log = UnreadableLog()
    with closing(KnownIds(folder)) as known:
        read_ground_truth(folder / "ground-truth", TARGET, known, log)
        labels = known.find_labels([(digest(key),) for key in IDS])
    told = {key: tuple(map(label.texts.get, range(ROWS))) for key, label in zip(IDS, labels, strict=True) if label}
    unreadable = log.found()
    first = unreadable.examples[0][:2] if unreadable.examples else None
    return told, unreadable.count, first


def tried(name: str, body: bytes) -> Found:
    truths, bad = Truths(), []
    for line in read_label_file(f"ground-truth/{name}", [body], TARGET):
        if isinstance(line.found, UnreadableLabelError):
            bad.append((line.file, line.number))
        else:
            truths.add(line, line.found)
    told = {key: truths[key].of_rows(ROWS) for key in IDS if key in truths}
    return told, len(bad), bad[0] if bad else None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_read_the_same_labels(tmp_path: Path, name: str, end: str) -> None:
    body = end.join(FILES[name]).encode()

    assert tried(name, body) == checked(tmp_path, name, body)


@pytest.mark.parametrize("name", ["rows.csv", "lines.jsonl"])
def test_the_same_of_packed_files(tmp_path: Path, name: str) -> None:
    body = "\n".join(FILES[name]).encode()

    assert tried(f"{name}.gz", body) == checked(tmp_path, f"{name}.gz", gzip.compress(body))


def test_both_take_the_same_names_and_rows() -> None:
    assert (ID_COLUMNS, MOST_ROWS) == (ID_COLUMNS_CHECKED, MOST_ROWS_CHECKED)
