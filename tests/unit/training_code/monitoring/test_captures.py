"""What a captured line may hold, and what is said of one that cannot be read."""

import base64
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.training_code.monitoring.traffic import (
    CSV,
    JSON,
    JSON_LINES,
    START,
    Check,
    ask,
    line,
    records,
    simple_line,
)

ROWS = [{"income": 2000.5, "visits": 3, "city": "Ulm"}, {"income": None, "visits": 7, "city": "Köln"}]
BODIES = {
    "record": (json.dumps(ROWS[0]), JSON, 1),
    "records": (json.dumps(ROWS), JSON, 2),
    "instances": (json.dumps({"instances": ROWS}), JSON, 2),
    "lists": (json.dumps([[2000.5, 3, "Ulm"], [None, 7, "Köln"]]), JSON, 2),
    "JSON Lines": ("\n".join(json.dumps(row) for row in ROWS), JSON_LINES, 2),
    "CSV by position": ("2000.5,3,Ulm\n,7,Köln\n", CSV, 2),
    "CSV with a header": ("city,visits,income\nUlm,3,2000.5\nKöln,7,\n", CSV, 2),
}


@pytest.mark.parametrize("packed", [False, True], ids=["text", "base64"])
@pytest.mark.parametrize("accept", [JSON, CSV, JSON_LINES, f"{JSON}; output=label", f"{CSV}; output=both"])
@pytest.mark.parametrize("body", BODIES)
def test_every_way_to_ask_and_to_answer_is_read(check: Check, body: str, accept: str, packed: bool) -> None:
    sent, kind, count = BODIES[body]
    answered = ask(check.pipeline, sent, kind, accept)
    encodings = {CSV: "CSV", JSON: "JSON", JSON_LINES: "JSON"}
    said = accept.split(";")[0]
    texts, names = (sent, answered), (encodings[kind], encodings[said])
    if packed:
        texts = tuple(base64.b64encode(text.encode()).decode() for text in texts)
        names = ("BASE64", "BASE64")
    check.put("captures/a.jsonl", [line("e", *texts, types=(kind, said), encodings=names)])

    observed = check.observe()

    assert (observed.requests, observed.rows, observed.unanswered, observed.unreadable.count) == (1, count, 0, 0)
    assert observed.features["city"].counts["Ulm"] == 1
    assert observed.features["visits"].minimum == 3
    assert observed.features["income"].missing == count - 1
    assert sum(observed.labels.counts.values()) == count
    assert observed.outputs["score"].present == (0 if "output=label" in accept else count)
    assert (observed.unknown_columns, observed.absent_columns) == ({}, {})
    assert len(observed.sample) == count


def test_the_sample_is_what_the_model_saw(check: Check) -> None:
    rows = records(check.pipeline, 300)
    check.put("captures/a.jsonl", [line("e", json.dumps(rows), ask(check.pipeline, json.dumps(rows)))])

    observed = check.observe()

    example = observed.examples[0]
    body = json.dumps(example["record"])
    assert json.loads(ask(check.pipeline, body))["predictions"][0]["probability"] == pytest.approx(example["score"])
    assert len(observed.examples) == 50
    assert observed.sample.shape == (300, 3)


def test_lines_that_cannot_be_read_are_counted_and_the_first_shown(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    bad: list[Any] = [
        "not JSON",
        "[]",
        '{"captureData": {}}',
        simple_line("e1", row).replace("2026-11-20T", "yesterday "),
        line("e2", "not a record", "{}"),
        line("e3", "a,b", "0.5", types=(CSV, CSV), encodings=("CSV", "CSV")),
        line("e4", "xx", "0.5", types=("image/png", CSV), encodings=("BASE64", "CSV")),
    ]
    check.put("captures/2026/a.jsonl", [simple_line("good", row), "", *bad])

    observed = check.observe()

    assert (observed.requests, observed.unreadable.count) == (1, len(bad))
    assert [(file, at) for file, at, _ in observed.unreadable.examples] == [("2026/a.jsonl", at) for at in range(3, 8)]
    reasons = [reason for _, _, reason in observed.unreadable.examples]
    for reason, expected in zip(reasons, ["not JSON", "not a JSON object", "eventMetadata", "ISO 8601"], strict=False):
        assert expected in reason


def test_a_request_without_an_answer_counts_with_what_is_wrong_in_it(check: Check) -> None:
    """As an endpoint's refusal would be captured: unknown and missing columns, numbers that are none."""
    record = {"visits": "many", "city": "Atlantis", "colour": "red"}
    check.put(
        "captures/a.jsonl", [line("e1", json.dumps(record), None), line("e2", json.dumps(record), '{"error": "x"}')]
    )

    observed = check.observe()

    assert (observed.requests, observed.rows, observed.unanswered) == (2, 2, 2)
    assert observed.unknown_columns == {"colour": 2}
    assert observed.absent_columns == {"income": 2}
    assert (observed.features["visits"].unreadable, observed.features["visits"].missing) == (2, 0)
    assert observed.features["income"].missing == 2
    assert (observed.features["city"].unseen, observed.features["city"].unseen_examples) == (2, {"Atlantis": 2})
    assert len(observed.sample) == 0
    assert observed.outputs["score"].present == 0


def test_a_file_that_breaks_off_is_told_and_the_rest_is_read(check: Check) -> None:
    lines = [simple_line(f"e{at}", row) for at, row in enumerate(records(check.pipeline, 400))]
    packed = gzip.compress("\n".join(lines).encode())
    check.put("captures/a.jsonl.gz", packed[: len(packed) // 2])
    check.put("captures/b.jsonl.gz", packed)

    observed = check.observe()

    assert observed.requests == 400
    assert observed.unreadable.count == 1
    assert observed.unreadable.examples[0][0] == "a.jsonl.gz"


def test_slices_are_counted_by_value_range_and_what_was_called_positive(check: Check) -> None:
    rows = [{"income": 1, "visits": at, "city": city} for at, city in ((0, "Ulm"), (19, "Ulm"), (19, "Atlantis"))]
    rows.append({"income": 1, "visits": None, "city": None})
    answers = [{"probability": p, "label": "Yes" if p > 0.5 else "No"} for p in (0.9, 0.1, 0.1, 0.1)]
    answer = json.dumps({"predictions": answers, "model_version": 6})
    check.put("captures/a.jsonl", [line("e", json.dumps(rows), answer)])

    observed = check.observe()

    slices = observed.slices
    assert (slices["city", "Ulm", "value"].rows, slices["city", "Ulm", "value"].selected) == (2, 1)
    by_kind = {
        kind: sum(one.rows for one in slices.values() if one.place[::2] == ("visits", kind)) for kind in ("range",)
    }
    assert by_kind == {"range": 3}
    first = next(one for place, one in slices.items() if place[0] == "visits" and place[1].startswith("up to"))
    last = [one for place, one in slices.items() if place[0] == "visits" and place[2] == "range"][-1]
    assert (first.rows, first.selected, last.rows, last.selected) == (1, 1, 2, 0)


def test_batch_results_are_read_as_rows(check: Check) -> None:
    definition = json.loads((check.folder / "check" / "definition.json").read_text())
    check.write_check(definition, source="batch")
    rows = ["id,income,visits,city,probability,label", "a,2000,3,Ulm,0.75,Yes", "b,,4,Bonn,0.25,No", "c,1"]
    check.put("captures/result.csv.gz", gzip.compress("\n".join([*rows, ""]).encode()))

    observed = check.observe()

    assert (observed.requests, observed.rows, observed.outside_window, observed.late) == (2, 2, 0, 0)
    assert observed.features["income"].missing == 1
    assert observed.labels.counts == {"No": 1, "Yes": 1}
    assert (observed.outputs["score"].minimum, observed.outputs["score"].maximum) == (0.25, 0.75)
    assert observed.unreadable.examples == (("result.csv.gz", 4, "the row has 2 cells, the header 6"),)
    assert observed.truth.requests == 0


def test_hours_of_lateness_are_the_definitions(check: Check) -> None:
    definition = json.loads((check.folder / "check" / "definition.json").read_text())
    check.write_check(definition, lateness_hours=0)
    check.put("captures/a.jsonl", [simple_line("e", ROWS[0], START - timedelta(minutes=1))])

    observed = check.observe()

    assert (observed.requests, observed.late, observed.outside_window) == (0, 0, 1)
