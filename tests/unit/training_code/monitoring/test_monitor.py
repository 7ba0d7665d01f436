"""monitor.py as a whole, on small traffic of the tiny model."""

import json
from datetime import timedelta

import pytest

import monitor
from job import BadData
from tests.unit.training_code.monitoring.traffic import END, START, Check, ask, line, records, simple_line
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
    assert sum(",No,captured-e" in row for row in rows) == 100


def test_the_labelled_rows_are_read_by_preprocess(check: Check) -> None:
    import preprocess

    check.put("captures/10/a.jsonl", traffic(check.pipeline, 900))
    check.put(
        "ground-truth/a.csv", ["inference_id,label", *(f"e{at},{'Yes' if at % 2 else 'No'}" for at in range(900))]
    )
    check.run()
    data = check.folder / "data"
    data.mkdir()
    (check.folder / "output" / "labelled.csv").rename(data / "labelled.csv")
    upload = check.pipeline.data.read_bytes()
    (data / "upload.csv").write_bytes(upload)
    definition = check.folder / "check" / "definition.json"

    preprocess.main(["--data", str(data), "--definition", str(definition), "--output", str(check.folder / "out")])

    counts = json.loads((check.folder / "out" / "codec" / "counts.json").read_text())
    assert sum(part for name, part in counts.items() if name in ("train", "validation", "test")) == 2100


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

    assert (observed.requests, observed.rows, observed.truth.requests) == (0, 0, 1)
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
