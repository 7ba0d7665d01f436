"""Labels: whose they are, which one counts, and what is said of those that nobody can use."""

import gzip
import json
from contextlib import closing

import pytest

from monitoring.ground_truth import read_ground_truth
from monitoring.known_ids import KnownIds, digest
from monitoring.unreadable import UnreadableLog
from tests.unit.training_code.monitoring.traffic import Check, label_line, line, records, simple_line

RECORD = {"income": 2000, "visits": 3, "city": "Ulm"}


def _requests(check: Check, *ids: str, **more: str) -> None:
    check.put("captures/a.jsonl", [simple_line(one, RECORD, **more) for one in ids])


@pytest.mark.parametrize(("text", "code"), [("Yes", 1), ("No", 0), ("1", 1), ("0", 0), ("1.0", 1), (" Yes ", 1)])
def test_labels_in_the_targets_words_or_as_1_and_0(check: Check, text: str, code: int) -> None:
    _requests(check, "e")
    check.put("ground-truth/a.jsonl", [label_line("e", text)])

    assert check.observe().truth.labels.tolist() == [code]


def test_the_inference_id_comes_before_the_event_id(check: Check) -> None:
    _requests(check, "e", inference_id="mine")
    check.put("ground-truth/a.jsonl", [label_line("e", "Yes"), label_line("mine", "No")])

    truth = check.observe().truth

    assert truth.labels.tolist() == [0]
    assert (truth.requests, truth.unmatched) == (1, 1)


def test_the_event_id_serves_where_no_label_has_the_inference_id(check: Check) -> None:
    _requests(check, "e", inference_id="mine")
    check.put("ground-truth/a.jsonl", [label_line("e", "Yes")])

    assert check.observe().truth.labels.tolist() == [1]


def test_a_label_twice_counts_once_and_the_later_of_two_wins(check: Check) -> None:
    _requests(check, "e", "f")
    check.put(
        "ground-truth/2026/11/20/10/a.jsonl", [label_line("e", "Yes"), label_line("f", "No"), label_line("e", "Yes")]
    )
    check.put("ground-truth/2026/11/20/11/b.jsonl", [label_line("f", "Yes"), label_line("unknown", "Yes")])

    truth = check.observe().truth

    assert truth.labels.tolist() == [1, 1]
    assert (truth.requests, truth.duplicates, truth.conflicting, truth.unmatched) == (2, 1, 1, 1)


def test_requests_of_several_rows_have_several_labels(check: Check) -> None:
    rows = records(check.pipeline, 3)
    answer = {"predictions": [{"probability": 0.25 * at, "label": "No"} for at in range(1, 4)], "model_version": 6}
    check.put("captures/a.jsonl", [line(one, json.dumps(rows), json.dumps(answer)) for one in ("e", "f", "g")])
    check.put("ground-truth/a.jsonl", [label_line("e", "Yes\nNo\nYes"), label_line("g", "Yes\nNo")])
    check.put("ground-truth/b.csv", ["event_id,row,label", "f,2,Yes", "f,3,No", "f,2,Yes"])

    observed = check.observe()

    truth = observed.truth
    assert (truth.requests, truth.duplicates, len(truth.labels)) == (2, 1, 5)
    assert sorted(truth.scores.tolist()) == [0.25, 0.5, 0.5, 0.75, 0.75]
    assert observed.unreadable.examples == (
        ("ground-truth/a.jsonl", 2, "a label of g: it holds 2 labels, the request has 3 rows"),
    )


def test_a_wrong_label_of_a_row_costs_that_row_only_and_is_told_with_its_request(check: Check) -> None:
    """Of the labels of one request some may stand in another file: the last one's place alone would mislead."""
    rows = records(check.pipeline, 3)
    answer = {"predictions": [{"probability": 0.25 * at, "label": "No"} for at in range(1, 4)], "model_version": 6}
    check.put("captures/a.jsonl", [line("e", json.dumps(rows), json.dumps(answer))])
    lines = ["event_id,row,label", "e,1,Yes", "e,2,perhaps", "e,99,No", "e,3,No"]
    check.put("ground-truth/a.csv", lines)

    observed = check.observe()

    truth = observed.truth
    assert sorted(zip(truth.scores.tolist(), truth.labels.tolist(), strict=True)) == [(0.25, 1), (0.75, 0)]
    assert (observed.unreadable.count, [reason for _, _, reason in observed.unreadable.examples]) == (
        2,
        ["a label of e, row 2: 'perhaps' is not 'No' or 'Yes'", "a label of e, row 99: the request has 3 rows"],
    )


def test_a_request_without_a_label_that_can_be_read_is_not_labelled(check: Check) -> None:
    _requests(check, "e")
    check.put("ground-truth/a.csv", ["event_id,row,label", "e,1,perhaps"])

    observed = check.observe()

    assert (observed.truth.requests, observed.unreadable.count) == (0, 1)


def test_of_two_labels_the_one_that_was_uploaded_later_counts(check: Check) -> None:
    """Whatever the files are called: corrections.csv comes before labels.csv only by its name."""
    _requests(check, "e")
    check.put("ground-truth/12/labels.csv", ["event_id,label", "e,Yes"])
    check.put("ground-truth/12/corrections.csv", ["event_id,label", "e,No"])

    with closing(KnownIds(check.folder)) as known:
        order = ("12/labels.csv", "12/corrections.csv")
        counts = read_ground_truth(check.folder / "ground-truth", "left", known, UnreadableLog(), order)
        (label,) = known.find_labels([(digest("e"),)])

    assert label is not None
    assert (label.texts, counts.conflicting) == ({0: "No"}, 1)


@pytest.mark.parametrize(
    ("first", "then", "expected", "counts"),
    [
        (label_line("e", "Yes\nNo\nNo"), "e,2,Yes", [1, 1, 0], (0, 1)),
        (label_line("e", "Yes\nNo\nNo"), "e,2,No", [1, 0, 0], (1, 0)),
        ("e,2,Yes", label_line("e", "Yes\nNo\nNo"), [1, 0, 0], (0, 1)),
        (label_line("e", "Yes\nNo"), "e,3,Yes", [1, 0, 1], (0, 0)),
        ("e,3,Yes", "e,1,No", [0, 1], (0, 0)),
    ],
    ids=["a row corrected", "a row again", "all after a row", "a row that lacked", "rows by themselves"],
)
def test_a_label_of_a_row_changes_that_row_and_one_of_the_request_all(
    check: Check, first: str, then: str, expected: list[int], counts: tuple[int, int]
) -> None:
    rows = records(check.pipeline, 3)
    answer = {"predictions": [{"probability": 0.25 * at, "label": "No"} for at in range(1, 4)], "model_version": 6}
    check.put("captures/a.jsonl", [line("e", json.dumps(rows), json.dumps(answer))])
    for at, labels in enumerate((first, then)):
        is_csv = not labels.startswith("{")
        check.put(f"ground-truth/{at}.{'csv' if is_csv else 'jsonl'}", ["event_id,row,label"] * is_csv + [labels])

    observed = check.observe()

    truth = observed.truth
    by_row = sorted(zip(truth.scores.tolist(), truth.labels.tolist(), strict=True))
    assert [label for _, label in by_row] == expected
    assert (truth.duplicates, truth.conflicting, observed.unreadable.count) == (*counts, 0)


@pytest.mark.parametrize("header", ["inference_id,label", "eventId,left", "other,label,event_id"])
def test_csv_labels_by_the_names_of_their_columns(check: Check, header: str) -> None:
    _requests(check, "e")
    cells = {"inference_id": "e", "eventId": "e", "event_id": "e", "label": "Yes", "left": "Yes", "other": "x"}
    text = "\ufeff" + header + "\n" + ",".join(cells[name] for name in header.split(",")) + "\n"
    check.put("ground-truth/labels.csv.gz", gzip.compress(text.encode()))

    assert check.observe().truth.labels.tolist() == [1]


def test_labels_that_cannot_be_used_are_shown_with_file_and_line(check: Check) -> None:
    _requests(check, "e", "f")
    encoded = label_line("e", "Yes").replace('"CSV"', '"JSON"')
    check.put("ground-truth/a.jsonl", ["no JSON", encoded, '{"eventMetadata": {}}', label_line("f", "Perhaps")])
    check.put("ground-truth/b.csv", ["id,label", "e,Yes"])
    check.put("ground-truth/c.csv", ["event_id,label", "e,Yes", ",Yes", "f"])

    observed = check.observe()

    assert observed.unreadable.count == 7
    assert [(file, at) for file, at, _ in observed.unreadable.examples] == [
        *(("ground-truth/a.jsonl", at) for at in (1, 2, 3, 4)),
        ("ground-truth/b.csv", 1),
    ]
    assert observed.truth.labels.tolist() == [1]
