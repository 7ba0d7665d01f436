"""monitor.py as a whole, on small traffic of the tiny model."""

import base64
import csv
import json
from collections import Counter
from datetime import timedelta

import pytest

import monitor
from job import BadData
from tests.unit.training_code.monitoring.traffic import END, START, Check, ask, label_line, line, records, simple_line
from tests.unit.training_code.tiny import Pipeline


def traffic(pipeline: Pipeline, count: int) -> list[str]:
    rows = records(pipeline, count)
    answers = json.loads(ask(pipeline, json.dumps(rows)))["predictions"]
    return [
        line(f"e{at}", json.dumps(row), json.dumps({"predictions": [answer], "model_version": 6}))
        for at, (row, answer) in enumerate(zip(rows, answers, strict=True))
    ]


def test_traffic_like_the_training_rows_is_no_drift(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check.put("captures/10/a.jsonl", traffic(check.pipeline, 1200))

    found = check.run()

    assert found["verdict"] == "no-drift"
    assert found["records"]["requests"] == found["records"]["rows"] == 1200
    assert check.read("constraint_violations.json") == {"violations": []}
    assert {one["name"] for one in check.read("statistics.json")["features"]} == {"income", "visits", "city"}
    assert not (check.folder / "output" / "labelled.csv").exists()
    assert "<title>tiny: check of production</title>" in (check.folder / "output" / "drift.html").read_text("utf-8")
    assert sorted(path.name for path in (check.folder / "output").iterdir() if path.name.startswith(".")) == []
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["verdict"], last["requests"], last["violations"]) == ("no-drift", 1200, 0)


def test_a_feature_that_moved_is_named(check: Check) -> None:
    moved = [{**row, "visits": row["visits"] + 6} for row in records(check.pipeline, 600)]
    check.put("captures/10/a.jsonl", [simple_line(f"e{at}", row) for at, row in enumerate(moved)])

    found = check.run()

    assert found["verdict"] == "drift"
    assert "visits" in {one.get("feature_name") for one in check.read("constraint_violations.json")["violations"]}


def test_no_captures_are_not_enough_data(check: Check) -> None:
    assert check.run()["verdict"] == "not-enough-data"


def test_a_version_from_before_monitoring_is_a_sentence(check: Check) -> None:
    (check.folder / "captures").mkdir()
    arguments = check.arguments()
    arguments[arguments.index("--baseline") + 1] = str(check.folder / "none")

    with pytest.raises(BadData, match="before production was monitored"):
        monitor.main(arguments)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"start": "yesterday", "end": "2026-11-20T11:00:00Z"}, "window.start 'yesterday'"),
        ({"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T11:00:00Z"}, "end must be later"),
        ({}, "lacks window.start"),
    ],
)
def test_a_plan_without_a_window_is_a_sentence(check: Check, window: dict[str, str], expected: str) -> None:
    check.write_check(json.loads((check.folder / "check" / "definition.json").read_text()), window=window)

    with pytest.raises(BadData, match=expected):
        check.run()


def test_labels_are_joined_measured_and_kept_for_training(check: Check) -> None:
    check.put("captures/10/a.jsonl", traffic(check.pipeline, 400))
    labels = [
        json.dumps(
            {
                "groundTruthData": {"data": "1" if at % 3 else "No", "encoding": "CSV"},
                "eventMetadata": {"eventId": f"e{at}"},
            }
        )
        for at in range(300)
    ]
    check.put("ground-truth/2026/11/20/10/a.jsonl", labels)

    found = check.run()

    quality = found["dimensions"]["model-quality"]
    assert (quality["labelled_rows"], quality["labelled_requests"], quality["unmatched"]) == (300, 300, 0)
    header, *rows = (check.folder / "output" / "labelled.csv").read_text("utf-8").splitlines()
    assert header == "income,visits,city,left,id"
    assert len(rows) == 300
    assert sum(",No,captured-" in row for row in rows) == 100


def test_the_labelled_rows_are_read_by_preprocess(check: Check) -> None:
    check.put("captures/10/a.jsonl", traffic(check.pipeline, 900))
    check.put(
        "ground-truth/a.csv", ["inference_id,label", *(f"e{at},{'Yes' if at % 2 else 'No'}" for at in range(900))]
    )
    kept = check.run()["labelled_rows"]

    counts = preprocessed(check)

    # Some rows without an income are equal.
    assert 880 < kept <= 900
    assert sum(counts[name] for name in SPLITS) == 1200 + kept


SPLITS = ("train", "validation", "test")


def preprocessed(check: Check) -> dict[str, int]:
    """counts.json of the upload with the labelled rows beside it, named as StartRun names them."""
    import preprocess

    data = check.folder / "data"
    data.mkdir()
    (check.folder / "output" / "labelled.csv").rename(data / "captured-261120110000-0a1b.csv")
    (data / "upload.csv").write_bytes(check.pipeline.data.read_bytes())
    definition = check.folder / "check" / "definition.json"
    preprocess.main(["--data", str(data), "--definition", str(definition), "--output", str(check.folder / "out")])
    counts: dict[str, int] = json.loads((check.folder / "out" / "codec" / "counts.json").read_text())
    return counts


def labelled(check: Check) -> list[dict[str, str]]:
    with (check.folder / "output" / "labelled.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_row_that_is_asked_again_and_again_is_kept_once(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    again = [simple_line(f"e{at}", row) for at in range(300)]
    check.put("captures/a.jsonl", again[:100])
    check.put("captures/b.jsonl", again[100:])
    check.put("ground-truth/a.jsonl", [label_line(f"e{at}", "Yes" if at < 299 else "No") for at in range(300)])

    found = check.run()

    assert [one["left"] for one in labelled(check)] == ["Yes", "No"]
    assert len({one["id"] for one in labelled(check)}) == 2
    assert (found["labelled_rows"], found["dimensions"]["model-quality"]["labelled_rows"]) == (2, 300)


def test_a_row_has_one_key_in_every_check(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    keys = set()
    for at in range(2):
        check.put("captures/a.jsonl", [simple_line(f"e{at}", row, START + timedelta(minutes=at))])
        check.put("ground-truth/a.jsonl", [label_line(f"e{at}", "Yes")])
        check.run()
        keys.add(labelled(check)[0]["id"])

    assert len(keys) == 1


def test_without_a_key_column_equal_rows_are_all_kept(check: Check) -> None:
    definition = json.loads(check.pipeline.definition.read_text())
    check.write_check({**definition, "data": {**definition["data"], "key": None, "drop": ["note", "id"]}})
    check.put("captures/a.jsonl", [simple_line(f"e{at}", records(check.pipeline, 1)[0]) for at in range(3)])
    check.put("ground-truth/a.jsonl", [label_line(f"e{at}", "Yes") for at in range(3)])

    assert check.run()["labelled_rows"] == 3


def test_a_key_that_was_sent_is_kept_and_lies_in_the_split_of_the_uploads_row(check: Check) -> None:
    """With other values than in the upload, and twice with different ones."""
    sent = [{**row, "id": f"k{at:05d}", "income": 1000.0 + at} for at, row in enumerate(records(check.pipeline, 600))]
    more = [{**row, "income": 9000.0} for row in sent[:50]]
    check.put("captures/a.jsonl", [simple_line(f"e{at}", row) for at, row in enumerate([*sent, *sent[:20], *more])])
    check.put("ground-truth/a.jsonl", [label_line(f"e{at}", "Yes" if at % 2 else "No") for at in range(670)])

    assert check.run()["labelled_rows"] == 650
    assert {one["id"] for one in labelled(check)} == {row["id"] for row in sent}
    counts = preprocessed(check)

    assert sum(counts[name] for name in SPLITS) == 1850
    with (check.folder / "out" / "holdout" / "holdout.csv").open(newline="", encoding="utf-8") as stream:
        held_out = Counter(row["id"] for row in csv.DictReader(stream))
    with (check.pipeline.output / "holdout" / "holdout.csv").open(newline="", encoding="utf-8") as stream:
        before = {row["id"] for row in csv.DictReader(stream)}
    assert set(held_out) == before
    assert {held_out[f"k{at:05d}"] for at in range(50, 600)} <= {0, 2}
    assert {held_out[f"k{at:05d}"] for at in range(50)} <= {0, 3}


@pytest.mark.parametrize("cell", [["a", "b"], {"a": 1}, "x" * 200_000], ids=["list", "object", "long text"])
def test_a_column_that_is_no_feature_may_hold_anything(check: Check, cell: object) -> None:
    definition = json.loads(check.pipeline.definition.read_text())
    check.write_check({**definition, "evaluation": {"slices": ["note"]}})
    sent = json.dumps([{**records(check.pipeline, 1)[0], "note": cell, "id": [1]}])
    check.put("captures/a.jsonl", [line("e", sent, ask(check.pipeline, sent).replace("null", "6"))])
    check.put("ground-truth/a.jsonl", [label_line("e", "Yes")])

    assert check.run()["labelled_rows"] == 1
    (path,) = (check.folder / "output").glob("labelled.csv")
    assert path.read_text("utf-8").startswith("income,visits,city,left,id,note\n")
    assert ("x" * 200_000 in path.read_text("utf-8")) == isinstance(cell, str)


def test_half_a_character_is_shown_as_what_cannot_be_shown(check: Check) -> None:
    """Of a category, a column's name, a column that is kept, and what data capture itself wrote."""
    definition = json.loads(check.pipeline.definition.read_text())
    check.write_check({**definition, "evaluation": {"slices": ["note"]}})
    body = '{"income": 1.0, "visits": 3, "city": "\\ud800 \\\\ud800 \\ud83d\\ude00", "note": "\\uDC00"}'
    answered = ask(check.pipeline, body)
    strange = [line(f"bad{at}", body, answered) for at in range(300)]
    unknown = '{"income": 1.0, "visits": 3, "city": "x", "\\ud801": 1}'
    packed = base64.b64encode(body.encode()).decode()
    check.put(
        "captures/a.jsonl",
        [
            *strange,
            *(line(f"odd{at}", unknown, None) for at in range(30)),
            line("event \ud802", '{"income": 1.0, "visits": 3, "city": "\ud803"}', answered),
            line("packed", packed, answered, encodings=("BASE64", "JSON")),
        ],
    )
    check.put("ground-truth/a.jsonl", [label_line("bad0", "Yes"), label_line("packed", "No")])

    found = check.run()

    (city,) = (one for one in found["dimensions"]["data-quality"]["features"] if one["name"] == "city")
    assert city["unseen_examples"] == {"\ufffd \\ud800 \U0001f600": 301, "x": 30, "\ufffd": 1}
    assert "\ufffd" in (check.folder / "output" / "constraint_violations.json").read_text("utf-8")
    assert [one["note"] for one in labelled(check)] == ["\ufffd", "\ufffd"]
    assert (check.folder / "output" / "drift.html").exists()


def test_coverage_is_the_share_of_the_windows_requests(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    check.put("captures/a.jsonl", [simple_line(f"now{at}", row) for at in range(40)])
    check.put("earlier/a.jsonl", [simple_line(f"then{at}", row, START - timedelta(hours=2)) for at in range(300)])
    names = [f"now{at}" for at in range(10)] + [f"then{at}" for at in range(200)]
    check.put("ground-truth/a.jsonl", [label_line(name, "Yes") for name in names])

    quality = check.run()["dimensions"]["model-quality"]

    assert (quality["coverage"], quality["labelled_requests"], quality["requests"]) == (0.25, 10, 40)
    assert (quality["earlier_labelled_requests"], quality["labelled_rows"]) == (200, 210)


def test_late_requests_count_once_and_other_hours_are_told(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    check.put("earlier/09/a.jsonl", [simple_line("known", row, START - timedelta(minutes=20))])
    check.put(
        "captures/09/b.jsonl",
        [
            simple_line("known", row, START - timedelta(minutes=20)),
            simple_line("late", row, START - timedelta(minutes=30)),
            simple_line("too late", row, START - timedelta(hours=25)),
        ],
    )
    check.put(
        "captures/10/c.jsonl", [simple_line("now", row), simple_line("now", row), simple_line("wrong clock", row, END)]
    )

    observed = check.observe()

    assert (observed.requests, observed.late, observed.duplicates, observed.outside_window) == (2, 1, 2, 2)


def test_a_request_of_this_window_in_an_object_of_the_hour_before_is_counted(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    check.put("earlier/09/a.jsonl", [simple_line("over the hour", row, START + timedelta(seconds=20))])

    observed = check.observe()

    assert (observed.requests, observed.late) == (1, 0)


def test_labels_of_earlier_requests_are_joined_and_their_rows_not_counted_again(check: Check) -> None:
    row = {"income": 3000, "visits": 4, "city": "Ulm"}
    check.put("earlier/09/a.jsonl", [simple_line("before", row, START - timedelta(hours=1))])
    check.put("ground-truth/a.csv", ["event_id,label", "before,Yes"])

    observed = check.observe()

    assert (observed.requests, observed.rows) == (0, 0)
    assert (observed.truth.requests, observed.truth.earlier_requests) == (0, 1)
    assert observed.truth.labels.tolist() == [1.0]
    assert observed.slices["city", "Ulm", "value"].rows == 0
    assert observed.slices["city", "Ulm", "value"].labelled == 1


def test_what_another_version_answered_is_left_out(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    other = json.dumps({"predictions": [{"probability": 0.1, "label": "No"}], "model_version": 5})
    check.write_check(
        json.loads((check.folder / "check" / "definition.json").read_text()), not_before="2026-11-20T10:05:00.5Z"
    )
    check.put(
        "captures/a.jsonl",
        [
            line("canary", json.dumps(row), other),
            simple_line("before", row, START + timedelta(minutes=4)),
            simple_line("ours", row, START + timedelta(minutes=5)),
        ],
    )

    observed = check.observe()

    assert (observed.requests, observed.other_versions, observed.outside_window) == (1, 2, 0)


def test_the_smoke_tests_own_records_are_nobodys_requests(check: Check) -> None:
    row = records(check.pipeline, 1)[0]
    lines = [simple_line("golden", row, inference_id="sluice-smoke-test"), simple_line("asked", row)]
    check.put("captures/a.jsonl", [*lines, lines[0]])
    check.put("earlier/b.jsonl", [simple_line("golden too", row, inference_id="sluice-smoke-test")])

    observed = check.observe()

    assert (observed.requests, observed.rows, observed.duplicates) == (1, 1, 0)
