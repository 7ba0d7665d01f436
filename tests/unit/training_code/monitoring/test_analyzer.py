"""monitor.py as a schedule of Model Monitor starts it: by the environment, without arguments."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from job import BadData
from monitoring import analyzer
from monitoring.analyzer_data import read_baseline
from monitoring.distributions import NumberCounts
from preprocessing.baseline import baseline_statistics, constraints_document
from tests.unit.training_code.monitoring.traffic import CSV, END, START, iso, line, records, simple_line
from tests.unit.training_code.tiny import Pipeline

Run = Callable[..., Path]
FILES = {"statistics.json", "constraints.json", "drift.json", "constraint_violations.json"}


@pytest.fixture
def run(tmp_path: Path, pipeline: Pipeline) -> Run:
    """Writes the captured lines where SageMaker puts them, runs, and gives /opt/ml."""

    def start(lines: Sequence[str], **variables: str) -> Path:
        folder = tmp_path / "endpoint/AllTraffic/2026/11/20/10"
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
        told = {
            "dataset_format": '{"sagemakerCaptureJson":{"captureIndexNames":["endpointInput","endpointOutput"]}}',
            "dataset_source": str(tmp_path / "endpoint"),
            "output_path": str(tmp_path / "result"),
            "baseline_statistics": str(pipeline.output / "baseline/statistics.json"),
            "baseline_constraints": str(pipeline.output / "baseline/constraints.json"),
            "start_time": iso(START),
            "end_time": iso(END),
            "publish_cloudwatch_metrics": "Enabled",
            "sagemaker_endpoint_name": "churn",
            "sagemaker_monitoring_schedule_name": "churn-data",
            **variables,
        }
        assert analyzer.is_asked([], told)
        analyzer.analyze(told, tmp_path / "output")
        return tmp_path

    return start


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / "result" / name).read_text(encoding="utf-8"))


def _metrics(folder: Path) -> dict[str, dict[str, Any]]:
    lines = (folder / "output/metrics/cloudwatch/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return {metric["MetricName"]: metric for metric in map(json.loads, lines)}


def test_a_job_with_arguments_or_another_environment_is_a_check() -> None:
    assert not analyzer.is_asked(["--check", "plan"], {"dataset_source": "/data"})
    assert not analyzer.is_asked([], {"PATH": "/bin"})


def test_traffic_like_the_training_rows(run: Run, pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    rows = records(pipeline, 600)
    folder = run([simple_line(f"e{at}", row) for at, row in enumerate(rows)])
    assert {file.name for file in (folder / "result").iterdir()} == FILES
    assert _read(folder, "constraint_violations.json")["violations"] == []
    assert (folder / "output/message").read_text().startswith("Completed: ")
    statistics = _read(folder, "statistics.json")
    assert statistics["dataset"]["item_count"] == 600
    visits = next(found for found in statistics["features"] if found["name"] == "visits")["numerical_statistics"]
    assert visits["mean"] == pytest.approx(np.mean([row["visits"] for row in rows]))
    findings = _read(folder, "drift.json")
    assert (findings["verdict"], findings["records"]["requests"]) == ("no-drift", 600)
    others = [found for name, found in findings["dimensions"].items() if name != "data-quality"]
    assert {(found["status"], found["reason"]) for found in others} == {
        ("not-measured", "Model Monitor's analysis of data quality does not look at it.")
    }
    assert all(_read(folder, name)["analyzer"] == analyzer.ANALYZER for name in FILES)
    assert analyzer.ANALYZER in capsys.readouterr().out.splitlines()[0]


def test_a_feature_that_moved_is_a_violation_and_the_exit_message_says_so(run: Run, pipeline: Pipeline) -> None:
    moved = [{**row, "visits": row["visits"] + 6} for row in records(pipeline, 400)]
    folder = run([simple_line(f"e{at}", row) for at, row in enumerate(moved)])
    violations = _read(folder, "constraint_violations.json")["violations"]
    assert {(found["feature_name"], found["constraint_check_type"]) for found in violations} >= {
        ("visits", "baseline_drift_check")
    }
    assert {found["feature_name"] for found in violations} == {"visits"}
    assert _read(folder, "drift.json")["summary"].startswith("visits has moved since the baseline was made: ")
    message = (folder / "output/message").read_text()
    assert message.startswith(f"CompletedWithViolations: {len(violations)} ")


def test_a_column_that_nobody_knows_and_a_new_level(run: Run, pipeline: Pipeline) -> None:
    rows = [{**row, "city": "Rome", "shoe": 42} for row in records(pipeline, 100)]
    folder = run([simple_line(f"e{at}", row) for at, row in enumerate(rows)])
    found = {(one["feature_name"], one["constraint_check_type"]) for one in _violations(folder)}
    assert found >= {("shoe", "extra_column_check"), ("city", "categorical_values_check")}


def _violations(folder: Path) -> list[dict[str, Any]]:
    return list(_read(folder, "constraint_violations.json")["violations"])


def test_each_request_of_the_window_counts_once_in_csv_too(run: Run, pipeline: Pipeline) -> None:
    rows = records(pipeline, 50)
    text = "".join(f"{'' if row['income'] is None else row['income']},{row['visits']},Ulm\n" for row in rows)
    lines = [
        line("e1", text, "0.5\n" * 50, types=(CSV, CSV), encodings=("CSV", "CSV")),
        line("e1", text, "0.5\n" * 50, types=(CSV, CSV), encodings=("CSV", "CSV")),
        simple_line("e2", rows[0], at=END),
        "{broken",
    ]
    folder = run(lines)
    counted = _read(folder, "drift.json")["records"]
    assert (counted["requests"], counted["rows"], counted["duplicates"], counted["outside_window"]) == (1, 50, 1, 1)
    assert counted["unreadable"]["examples"][0]["file"] == "AllTraffic/2026/11/20/10/a.jsonl"
    assert counted["unreadable"]["examples"][0]["line"] == 4


def test_metrics_as_cloudwatch_takes_them(run: Run, pipeline: Pipeline) -> None:
    rows = records(pipeline, 200)
    metrics = _metrics(run([simple_line(f"e{at}", row) for at, row in enumerate(rows)]))
    incomes = [row["income"] for row in rows if row["income"] is not None]
    assert metrics["feature_non_null_income"]["Value"] == len(incomes) / 200
    values = metrics["feature_data_income"]["StatisticValues"]
    assert (values["SampleCount"], values["Minimum"], values["Maximum"]) == (len(incomes), min(incomes), max(incomes))
    assert values["Sum"] == pytest.approx(sum(incomes))
    drift = metrics["feature_baseline_drift_city"]
    assert 0 <= drift["Value"] < 0.1
    assert drift["Timestamp"] == iso(START)
    assert drift["Dimensions"] == [
        {"Name": "Endpoint", "Value": "churn"},
        {"Name": "MonitoringSchedule", "Value": "churn-data"},
    ]


def test_no_metrics_where_they_are_switched_off(run: Run, pipeline: Pipeline) -> None:
    row = records(pipeline, 1)[0]
    folder = run([simple_line("e", row)], publish_cloudwatch_metrics="Disabled")
    assert not (folder / "output/metrics").exists()


def test_a_comparison_that_is_disabled_finds_nothing(run: Run, pipeline: Pipeline, tmp_path: Path) -> None:
    constraints = pipeline.read("baseline/constraints.json")
    constraints["monitoring_config"]["distribution_constraints"]["perform_comparison"] = "Disabled"
    (tmp_path / "constraints.json").write_text(json.dumps(constraints))
    moved = [{**row, "visits": min(19, row["visits"] + 6)} for row in records(pipeline, 400)]
    lines = [simple_line(f"e{at}", row) for at, row in enumerate(moved)]
    assert _violations(run(lines, baseline_constraints=str(tmp_path / "constraints.json"))) == []


@pytest.mark.parametrize("values", [[1.0, 2.0, 2.0, 11.0, 10.0], [3.0, 3.0], [0.0, 1.0, 5.0, 5.0], [-2.5, 7.25, 0.1]])
def test_bins_of_statistics_hold_the_rows_that_their_buckets_did(values: list[float]) -> None:
    """A bucket's lower bound is in it; a bin's upper edge is."""
    from tests.unit.training_code.evaluation.baselines import numbers

    statistics = {"version": 0.0, "dataset": {"item_count": len(values)}, "features": [numbers("x", values)]}
    found = read_baseline(statistics, {}).features["x"]
    assert isinstance(found, NumberCounts)
    counts = np.bincount(np.searchsorted(found.edges, values, side="left"), minlength=len(found.edges) + 1)
    assert counts.tolist() == found.counts.tolist()


def test_statistics_of_another_schema_and_a_baseline_without_any_value() -> None:
    with pytest.raises(BadData, match="not of Model Monitor's schema: KeyError 'features'"):
        read_baseline({"version": 0.0}, {})
    from preprocessing.statistics import NumberStatistics

    statistics = baseline_statistics(3, {"x": NumberStatistics(missing=3)}, {})
    found = read_baseline(statistics, constraints_document(statistics, 5)).features["x"]
    assert isinstance(found, NumberCounts)
    assert (found.present, found.missing, len(found.counts)) == (0, 3, 1)


def merged(event_id: str, answered: str, truth: str, kind: str = "application/json") -> str:
    encoding = "CSV" if kind == CSV else "JSON"
    record = json.loads(line(event_id, "{}", answered, types=("application/json", kind), encodings=("JSON", encoding)))
    return json.dumps({**record, "groundTruthData": {"data": truth, "encoding": "CSV"}})


def binary_lines(flipped: int, labels: tuple[str, str] = ("0", "1")) -> list[str]:
    """100 answers; of `flipped` the truth is the other class."""
    lines = []
    for at in range(100):
        called = at % 2
        answer = {"predictions": [{"probability": 0.1 + 0.8 * called, "label": labels[called]}]}
        lines.append(merged(f"e{at}", json.dumps(answer), labels[called ^ (at < flipped)]))
    return lines


def quality(tmp_path: Path, constraints: Mapping[str, Any], **variables: str) -> dict[str, str]:
    file = tmp_path / "quality_constraints.json"
    file.write_text(json.dumps(constraints))
    return {
        "analysis_type": "MODEL_QUALITY",
        "baseline_constraints": str(file),
        "inference_attribute": "predictions[0].label",
        "probability_attribute": "$.predictions[0].probability",
        "problem_type": "BinaryClassification",
        **variables,
    }


def bound(threshold: float, operator: str = "LessThanThreshold") -> dict[str, Any]:
    return {"threshold": threshold, "comparison_operator": operator}


def by_probability(tmp_path: Path, constraints: Mapping[str, Any], **variables: str) -> dict[str, str]:
    """As a job definition of ours asks for it: without the label, which may be a word."""
    told = quality(tmp_path, constraints, **variables)
    del told["inference_attribute"]
    return told


def test_quality_at_the_models_own_threshold(run: Run, tmp_path: Path) -> None:
    """At 0.5 every answer would be called 0."""
    answers = [{"predictions": [{"probability": p, "label": w}]} for p, w in ((0.3, "Yes"), (0.1, "No"))]
    lines = [merged(f"e{at}", json.dumps(answers[at % 2]), "10"[at % 2]) for at in range(100)]
    constraints = {"binary_classification_constraints": {"accuracy": bound(0.99)}}

    folder = run(lines, **by_probability(tmp_path, constraints, probability_threshold_attribute="0.25"))

    assert _read(folder, "statistics.json")["binary_classification_metrics"]["accuracy"]["value"] == 1
    assert _violations(folder) == []


@pytest.mark.parametrize("labels", [("0", "1"), ("0.0", "1.0")])
def test_quality_of_two_classes(run: Run, tmp_path: Path, labels: tuple[str, str]) -> None:
    constraints = {"version": 0.0, "binary_classification_constraints": {"accuracy": bound(0.9), "recall": bound(0.5)}}
    lines = [*binary_lines(20, labels), binary_lines(20, labels)[3]]
    folder = run(lines, **quality(tmp_path, constraints))
    statistics = _read(folder, "statistics.json")
    assert (statistics["version"], statistics["dataset"]["item_count"]) == (0.0, 100)
    found = statistics["binary_classification_metrics"]
    assert found["accuracy"]["value"] == pytest.approx(0.8)
    assert found["confusion_matrix"] == {"0": {"0": 40, "1": 10}, "1": {"0": 10, "1": 40}}
    assert found["auc"]["value"] == pytest.approx(0.8)
    assert _violations(folder) == [
        {
            "metric_name": "accuracy",
            "constraint_check_type": "LessThanThreshold",
            "description": "accuracy is 0.8, below the threshold 0.9.",
        }
    ]
    assert (folder / "output/message").read_text().startswith("CompletedWithViolations: 1 ")
    metrics = _metrics(folder)
    assert metrics["accuracy"]["Value"] == pytest.approx(0.8)
    assert "confusion_matrix" not in metrics


def test_labels_alone_say_nothing_of_the_ranking(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    constraints = {"binary_classification_constraints": {"auc": bound(0.99), "f1": bound(0.5)}}
    told = quality(tmp_path, constraints)
    del told["probability_attribute"]
    folder = run(binary_lines(10), **told)
    assert "auc" not in _read(folder, "statistics.json")["binary_classification_metrics"]
    assert _violations(folder) == []
    assert "auc of the constraints could not be measured" in capsys.readouterr().out


def test_labels_that_are_words_cannot_be_compared_where_no_probability_is_asked_for(run: Run, tmp_path: Path) -> None:
    answer = json.dumps({"predictions": [{"label": "Yes"}]})
    told = quality(tmp_path, {})
    del told["probability_attribute"]
    with pytest.raises(BadData, match=r"At predictions\[0\]\.label answers hold the labels 'Yes'"):
        run([merged("e", answer, "1")], **told)


def test_quality_of_several_classes_and_of_several_rows_a_request(run: Run, tmp_path: Path) -> None:
    constraints = {"multiclass_classification_constraints": {"accuracy": bound(0.5), "weighted_f1": bound(0.9)}}
    answer = json.dumps({"predictions": [{"label": "low"}, {"label": "mid"}, {"label": "high"}]})
    lines = [merged(f"e{at}", answer, "low\nmid\nlow\n") for at in range(5)]
    told = quality(
        tmp_path, constraints, problem_type="MulticlassClassification", inference_attribute="predictions[*].label"
    )
    del told["probability_attribute"]
    folder = run(lines, **told)
    found = _read(folder, "statistics.json")["multiclass_classification_metrics"]
    assert found["accuracy"]["value"] == pytest.approx(2 / 3)
    assert "log_loss" not in found
    assert [one["metric_name"] for one in _violations(folder)] == ["weighted_f1"]


def test_quality_of_numbers_in_csv(run: Run, tmp_path: Path) -> None:
    constraints = {"regression_constraints": {"rmse": bound(1.0, "GreaterThanThreshold"), "r2": bound(-9.0)}}
    lines = [merged(f"e{at}", f"{at}.0\n", str(at + 2), CSV) for at in range(10)]
    lines.append(merged("bad", "1.0\n", "many", CSV))
    told = quality(tmp_path, constraints, problem_type="Regression", inference_attribute="0")
    del told["probability_attribute"]
    folder = run(lines, **told)
    assert _read(folder, "statistics.json")["regression_metrics"]["rmse"]["value"] == pytest.approx(2.0)
    assert _read(folder, "statistics.json")["dataset"]["item_count"] == 10
    assert [one["constraint_check_type"] for one in _violations(folder)] == ["GreaterThanThreshold"]


@pytest.mark.parametrize(
    ("lines", "variables", "sentence"),
    [
        (binary_lines(0, ("No", "Yes")), {}, "Ground truth holds the labels 'No', 'Yes': .* takes 1, .* and 0"),
        (binary_lines(0, ("2", "1")), {"positive_label": "1"}, "the labels '2': of two classes"),
        (binary_lines(0), {"problem_type": "Ranking"}, "problem_type is 'Ranking'"),
        (["{}"], {}, "No merged record .* could be read \\(1 could not\\)"),
        (binary_lines(0), {"inference_attribute": "answers[0]"}, "No merged record .* \\(100 could not\\)"),
        (binary_lines(0), {"inference_attribute": "a[x]"}, "'a\\[x\\]' is no path"),
        (binary_lines(0), {"analysis_type": "MODEL_BIAS"}, "analysis_type is MODEL_BIAS"),
        (binary_lines(0), {"baseline_constraints": "/nowhere.json"}, "baseline_constraints is /nowhere.json"),
    ],
)
def test_what_cannot_be_analyzed_is_a_sentence(
    run: Run, tmp_path: Path, lines: list[str], variables: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadData, match=sentence):
        run(lines, **{**quality(tmp_path, {}), **variables})
    assert not (tmp_path / "output/message").exists()


def test_a_data_quality_job_without_its_baseline_is_a_sentence(run: Run, pipeline: Pipeline) -> None:
    with pytest.raises(BadData, match="The environment lacks baseline_statistics"):
        run([simple_line("e", records(pipeline, 1)[0])], baseline_statistics="")
