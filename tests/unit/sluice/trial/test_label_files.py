"""Files of ground truth, in the forms that docs/monitoring.md tells; broken ones say where and why."""

import json
from typing import Any

import pytest

from sluice.trial import label_files
from sluice.trial.ground_truth import MOST_ROWS, GroundTruth, UnreadableLabelError
from sluice.trial.label_files import read_label_file
from sluice.uploads.errors import UnusableUploadError


def found(name: str, text: str | bytes, block: int = 3) -> list[tuple[int, Any]]:
    """By line. Unreadable ones as their reason. The file comes in small blocks that heed no line."""
    body = text.encode() if isinstance(text, str) else text
    blocks = [body[at : at + block] for at in range(0, len(body), block)]
    lines = list(read_label_file(name, blocks, "churned"))
    assert {line.file for line in lines} <= {name}
    told = [(line.number, line.found) for line in lines]
    return [(number, str(one) if isinstance(one, UnreadableLabelError) else one) for number, one in told]


@pytest.mark.parametrize(
    ("text", "truths"),
    [
        ("inference_id,label\nä-1, yes \n", [(2, GroundTruth("ä-1", ("yes",)))]),
        ("event_id,churned\ne-1,yes", [(2, GroundTruth("e-1", ("yes",)))]),
        ("other,label,eventId\n,yes,e-1\n", [(2, GroundTruth("e-1", ("yes",)))]),
        ("event_id,label,inference_id\ne-1,yes,mine\n", [(2, GroundTruth("mine", ("yes",)))]),
        ("\ufeffevent_id,label\r\ne-1,yes\r\n", [(2, GroundTruth("e-1", ("yes",)))]),
        ("event_id,label\re-1,yes\r", [(2, GroundTruth("e-1", ("yes",)))]),
        ('event_id,label\ne-1,"yes,\nor so"\n', [(3, GroundTruth("e-1", ("yes,\nor so",)))]),
        ("event_id,row,label\n\ne-1,2,yes\n", [(3, GroundTruth("e-1", ("yes",), row=2))]),
    ],
)
def test_csv_is_read_by_the_names_of_its_columns(text: str, truths: list[tuple[int, GroundTruth]]) -> None:
    assert found("a.csv", text) == truths


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.csv.gz"])
def test_the_name_says_that_it_is_csv(name: str) -> None:
    assert found(name, "event_id,label\ne-1,yes\n") == [(2, GroundTruth("e-1", ("yes",)))]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a", "a.csv.jsonl"])
def test_else_it_is_json_lines(name: str) -> None:
    line = json.dumps({"groundTruthData": {"data": 'yes\n""\nno'}, "eventMetadata": {"eventId": "e-1"}})

    assert found(name, f"\n{line}\nno\n")[0] == (2, GroundTruth("e-1", ("yes", None, "no")))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("e-1", "it has 1 cells"),
        ("e-1,yes,one", "it has 3 cells, or its row is no number"),
        (",yes,1", "its id or its label is empty"),
        ("e-1, ,1", "its id or its label is empty"),
        ("e-1,yes,0", "its row is not between 1 and 100,000"),
        (f"e-1,yes,{MOST_ROWS + 1}", "its row is not between 1 and 100,000"),
    ],
)
def test_a_row_that_is_no_label_leaves_the_others(row: str, reason: str) -> None:
    (number, told), (_, truth) = found("a.csv", f"event_id,label,row\n{row}\ne-2,no,1\n")

    assert (number, reason in told) == (2, True)
    assert truth == GroundTruth("e-2", ("no",), row=1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("event_id,label", "it is no label"),
        ("[" * 100_000, "it is no label"),
        ('{"groundTruthData": {"data": "1"}}', "it lacks eventMetadata"),
        ('{"groundTruthData": {"data": ""}, "eventMetadata": {"eventId": "e"}}', "it holds no label"),
        ('{"groundTruthData": {"data": "1"}, "eventMetadata": {"eventId": ""}}', "its eventId is empty"),
        ('{"groundTruthData": {"data": "1", "encoding": "JSON"}}', "its encoding 'JSON' is not CSV"),
    ],
)
def test_a_line_that_is_no_label_says_why(line: str, reason: str) -> None:
    ((number, told),) = found("a.jsonl", line, block=1 << 20)

    assert (number, reason in told) == (1, True)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the header needs the columns inference_id (or event_id) and label (or churned), and has none"),
        ("id,label\ne-1,yes\n", 1, "and has id, label"),
        ('event_id,label\ne-1,yes\ne-2,"no\n', 2, "the file is no CSV from here on"),
        (b"event_id,label\n\xff\xfe,yes\n", 1, "the file is not UTF-8: save it as UTF-8 and upload it again"),
    ],
)
def test_a_csv_file_that_breaks_off_says_where(text: str | bytes, line: int, reason: str) -> None:
    number, told = found("a.csv", text)[-1]

    assert (number, reason in told) == (line, True)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_line_without_end_is_not_held(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_files, "LONGEST_LINE", 100)

    assert found(name, "x" * 1000) == [(1, "a line of 100 characters or more: the file is read no further")]


def test_what_its_blocks_raise_ends_a_file_behind_the_labels_that_were_read() -> None:
    def blocks() -> Any:
        yield b"event_id,label\ne-1,yes\ne-2,"
        raise UnusableUploadError("cut off")

    lines = list(read_label_file("a.csv.gz", blocks(), "churned"))

    assert [line.found for line in lines[:-1]] == [GroundTruth("e-1", ("yes",))]
    assert str(lines[-1].found) == "cut off"
