import csv
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

import evaluate
import train
from codec.codec import BINARY, MULTICLASS, REGRESSION
from evaluation import binary as metrics
from evaluation import multiclass, regression
from job import BadData
from lean_xgboost import xgboost
from serving.artifact import load_artifact
from tests.unit.training_code.evaluation.models import CLASSES, make_model, make_trained, write_holdout
from tests.unit.training_code.tiny import Pipeline, channels, evaluate_arguments, score_rows


def _pack(model: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(model, arcname=".")
    return folder


def _evaluate(pipeline: Pipeline, output: Path, *more: str, model: Path | None = None) -> dict[str, Any]:
    shutil.copytree(pipeline.output / "holdout", output / "holdout")
    evaluate.main(evaluate_arguments(output, model or pipeline.model, pipeline.definition, *more))
    return json.loads((output / "evaluation" / "evaluation.json").read_text())


def _predictions(output: Path) -> list[dict[str, str]]:
    with (output / "evaluation" / "predictions.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_metrics_are_those_of_the_predictions(pipeline: Pipeline):
    evaluation = pipeline.read("evaluation/evaluation.json")
    rows = _predictions(pipeline.output)
    labels, scores = [int(row["label"]) for row in rows], [float(row["score"]) for row in rows]
    found = evaluation["binary_classification_metrics"]
    assert found["auc"]["value"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["auc"]["value"] > 0.85
    assert evaluation["dataset"] == {"item_count": len(rows), "positive_count": sum(labels)}
    assert sum(sum(row.values()) for row in found["confusion_matrix"].values()) == len(rows)
    assert all(found[name]["standard_deviation"] > 0 for name in metrics.NAMES)
    assert (evaluation["task"], evaluation["slices"], evaluation["champion"]) == ("binary", [], None)


def test_predictions_are_in_holdout_order(pipeline: Pipeline):
    with (pipeline.output / "holdout" / "holdout.csv").open(newline="", encoding="utf-8") as stream:
        labels = [str(int(row["left"] == "Yes")) for row in csv.DictReader(stream)]
    assert [row["label"] for row in _predictions(pipeline.output)] == labels


def test_golden_records_are_raw_and_without_the_target(pipeline: Pipeline):
    golden = pipeline.read("evaluation/golden.json")
    assert len(golden["records"]) == len(golden["scores"]) == 100
    assert set(golden["records"][0]) == {"id", "income", "visits", "city", "note"}
    assert golden["scores"] == [float(row["score"]) for row in _predictions(pipeline.output)[:100]]


def test_a_packed_artifact_scores_as_the_unpacked_one(pipeline: Pipeline, tmp_path: Path):
    evaluation = _evaluate(pipeline, tmp_path / "out", model=_pack(pipeline.model, tmp_path / "packed"))
    assert evaluation == pipeline.read("evaluation/evaluation.json")


def test_what_the_report_and_the_gate_learn_of_the_data(pipeline: Pipeline):
    """There is no other run to compare with."""
    evaluation = pipeline.read("evaluation/evaluation.json")
    counts = pipeline.read("codec/counts.json")
    assert evaluation["data"] == {"counts": counts, "previous": None, "drift": None}
    for values in evaluation["importance"].values():
        assert set(values) == {"income", "visits", "city"}
        assert next(iter(values)) == "visits"
    assert sum(evaluation["importance"]["gain"].values()) == pytest.approx(1)


def test_this_run_against_the_previous_one_and_the_champions(pipeline: Pipeline, tmp_path: Path):
    """The champion's training rows had other visits; the last run half of the rows."""
    counts, statistics = pipeline.read("codec/counts.json"), pipeline.read("baseline/statistics.json")
    for feature in statistics["features"]:
        if feature["name"] == "visits":
            for bucket in feature["numerical_statistics"]["distribution"]["kll"]["buckets"]:
                bucket |= {bound: bucket[bound] + 10 for bound in ("lower_bound", "upper_bound")}
    for name, file, document in (
        ("previous", "counts.json", counts | {"rows": counts["rows"] // 2}),
        ("champion-baseline", "statistics.json", statistics),
        ("tuning", "tuning.json", {"job": "tiny-tune"}),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(json.dumps(document))
    inputs = [part for n in ("previous", "champion-baseline", "tuning") for part in (f"--{n}", str(tmp_path / n))]
    shutil.copytree(pipeline.output / "baseline", tmp_path / "out" / "baseline")
    evaluation = _evaluate(pipeline, tmp_path / "out", *inputs, "--previous-run-id", "261120-abcd")
    data = evaluation["data"]
    assert data["previous"] == {"run_id": "261120-abcd", "counts": counts | {"rows": counts["rows"] // 2}}
    drift = {feature["feature"]: feature["psi"] for feature in data["drift"]["features"]}
    assert next(iter(drift)) == "visits"
    assert drift["visits"] > 1
    assert drift["city"] == pytest.approx(0)
    # Without a codec folder the artifact knows its counts.
    assert data["counts"] == counts
    page = (tmp_path / "out" / "report" / "report.html").read_text(encoding="utf-8")
    assert "tiny-tune" in page
    assert page.count('<script type="application/json" id="run">null</script>') == 1


def test_broken_inputs_that_it_can_do_without_do_not_fail_it(
    pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    files = {
        "codec": "counts.json",
        "baseline": "statistics.json",
        "previous": "counts.json",
        "champion-baseline": "statistics.json",
        "tuning": "tuning.json",
    }
    inputs = []
    for name, file in files.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("{")
        inputs += [f"--{name}", str(tmp_path / name)]
    evaluation = _evaluate(pipeline, tmp_path / "out", *inputs)
    assert evaluation["data"]["previous"] is None
    assert "baseline/statistics.json cannot be read" in evaluation["data"]["drift"]["error"]
    said = capsys.readouterr().err
    assert all(f"{name}/{file} cannot be read" in said for name, file in files.items() if name != "champion-baseline")


def test_the_champion_is_scored_through_its_own_codec(pipeline: Pipeline, tmp_path: Path):
    """It was trained on two of the three features, one of them with a smaller vocabulary."""
    model = tmp_path / "champion-model"
    codec = json.loads((pipeline.output / "codec" / "features.json").read_text())
    narrow = tmp_path / "narrow"
    for split in ("train", "validation"):
        (narrow / split).mkdir(parents=True)
        lines = (pipeline.output / split / f"{split}.csv").read_text().splitlines()
        kept = [",".join((target, visits)) for target, _, visits, _ in (line.split(",") for line in lines)]
        (narrow / split / f"{split}.csv").write_text("\n".join(kept) + "\n")
    codec["features"] = [codec["features"][1]]
    (narrow / "codec").mkdir()
    (narrow / "codec" / "features.json").write_text(json.dumps(codec))
    train.main([*channels(narrow), "--model-dir", str(model), "--num_round", "3"])

    champion = _pack(model, tmp_path / "champion")
    more = ("--champion", str(champion), "--champion-package-arn", "arn:aws:sagemaker:x:y:model-package/g/1")
    evaluation = _evaluate(pipeline, tmp_path / "out", *more)
    assert evaluation["champion"]["package_arn"] == "arn:aws:sagemaker:x:y:model-package/g/1"
    live = evaluation["champion"]["binary_classification_metrics"]
    assert "receiver_operating_characteristic_curve" not in live
    rows = _predictions(tmp_path / "out")
    labels, scores = [int(row["label"]) for row in rows], [float(row["champion_score"]) for row in rows]
    assert live["auc"]["value"] == pytest.approx(roc_auc_score(labels, scores))
    assert [row["score"] for row in rows] == [row["score"] for row in _predictions(pipeline.output)]
    assert evaluation["champion"]["features"] == {"added": ["income", "city"], "removed": [], "retyped": []}
    auc = evaluation["champion"]["differences"]["auc"]
    ours = evaluation["binary_classification_metrics"]["auc"]
    assert auc["value"] == ours["value"] - live["auc"]["value"]
    assert 0 < auc["standard_deviation"] < ours["standard_deviation"]
    assert auc["method"] == "delong"


def test_a_champion_that_is_this_model_does_not_differ(pipeline: Pipeline, tmp_path: Path):
    evaluation = _evaluate(pipeline, tmp_path / "out", "--champion", str(pipeline.model))
    champion = evaluation["champion"]
    assert champion["features"] == {"added": [], "removed": [], "retyped": []}
    assert tuple(champion["differences"]) == metrics.NAMES
    for difference in champion["differences"].values():
        assert (difference["value"], difference["standard_deviation"]) == (0, 0)


def test_a_champion_whose_artifact_is_gone_is_an_error_that_the_gate_reads(pipeline: Pipeline, tmp_path: Path):
    gone = ("--champion", str(tmp_path / "none"))
    evaluation = _evaluate(pipeline, tmp_path / "out", *gone, "--champion-package-arn", "arn:1")
    assert evaluation["champion"] == {"package_arn": "arn:1", "error": "Its artifact is not there any more."}
    assert _evaluate(pipeline, tmp_path / "first", *gone)["champion"] is None


def _make_endless(champion: Path) -> None:
    """Its three trees add up to more than a 32-bit float holds."""
    booster = xgboost.Booster(model_file=champion / "model.ubj")
    document = json.loads(booster.save_raw("json"))
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        nodes = zip(tree["left_children"], tree["split_conditions"], strict=True)
        tree["split_conditions"] = [3e38 if child < 0 else condition for child, condition in nodes]
    booster.load_model(bytearray(json.dumps(document).encode()))
    booster.save_model(champion / "model.ubj")


def test_a_champion_whose_scores_are_no_numbers_is_an_error_that_the_gate_reads(tmp_path: Path):
    trained = make_trained(tmp_path, REGRESSION)
    champion = make_model(tmp_path / "champion", REGRESSION)
    _make_endless(champion)
    evaluate.main(trained.arguments(tmp_path / "out", "--champion", str(champion), slices=["city"]))
    evaluation = json.loads((tmp_path / "out" / "evaluation" / "evaluation.json").read_text())
    assert "scores that are not numbers" in evaluation["champion"]["error"]
    assert {part["champion"] for part in evaluation["slices"]} == {None}


def _retyped(champion: Path) -> None:
    """The same trees over two other columns, one of them of another type."""
    codec = json.loads((champion / "features.json").read_text())
    codec["features"][0]["name"] = "number"
    codec["features"][2] = {"name": "city", "type": "numeric", "fill": None}
    (champion / "features.json").write_text(json.dumps(codec))


def test_the_features_of_both_models_are_compared(tmp_path: Path):
    trained = make_trained(tmp_path, BINARY)
    write_holdout(trained.holdout, [{**row, "number": "7", "city": "3"} for row in trained.rows])
    champion = make_model(tmp_path / "champion", BINARY)
    _retyped(champion)
    evaluate.main(trained.arguments(tmp_path / "out", "--champion", str(champion)))
    evaluation = json.loads((tmp_path / "out" / "evaluation" / "evaluation.json").read_text())
    assert evaluation["champion"]["features"] == {"added": ["income"], "removed": ["number"], "retyped": ["city"]}
    assert evaluation["champion"]["differences"]["auc"]["standard_deviation"] > 0


def _broken(folder: Path, how: str, pipeline: Pipeline) -> Path:
    if how == "not an archive":
        folder.mkdir()
        (folder / "model.tar.gz").write_bytes(b"no")
        return folder
    model = folder / "model"
    shutil.copytree(pipeline.model, model)
    codec = json.loads((model / "features.json").read_text())
    if how == "another format":
        codec["format_version"] = 0
    elif how == "another column":
        codec["features"][0]["name"] = "salary"
    elif how == "another type":
        codec["features"][2]["type"] = "numeric"
    elif how == "half a model":
        (model / "model.ubj").write_bytes((model / "model.ubj").read_bytes()[:50])
    elif how == "half a codec":
        del codec["features"]
    elif how == "no model":
        (model / "model.ubj").unlink()
    (model / "features.json").write_text(json.dumps(codec))
    return model


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("not an archive", "cannot be read"),
        ("another format", "format version 0"),
        ("another column", "needs the column salary, which the holdout lacks"),
        ("another type", "cannot score the holdout: holdout.csv, row 1, column 'city': "),
        ("half a model", "cannot be read"),
        ("half a codec", "cannot be read"),
        ("no model", "cannot be read"),
    ],
)
def test_an_unusable_artifact_is_an_answer_for_the_champion_and_a_failure_for_the_challenger(
    pipeline: Pipeline, tmp_path: Path, how: str, sentence: str
):
    broken = _broken(tmp_path / "broken", how, pipeline)
    evaluation = _evaluate(pipeline, tmp_path / "out", "--champion", str(broken))
    assert sentence in evaluation["champion"]["error"]
    assert "champion_score" not in _predictions(tmp_path / "out")[0]
    with pytest.raises(BadData, match=sentence):
        _evaluate(pipeline, tmp_path / "again", model=broken)


def test_an_archive_may_not_write_outside_its_folder(pipeline: Pipeline, tmp_path: Path):
    """The rest of it is a model that scores: without the check the evaluation would go through."""
    packed = tmp_path / "packed"
    packed.mkdir()
    with tarfile.open(packed / "model.tar.gz", "w:gz") as tar:
        tar.add(pipeline.model, arcname=".")
        member = tarfile.TarInfo("../sluice-test-escaped")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(BadData, match=r"cannot be read: .*outside the destination"):
        _evaluate(pipeline, tmp_path / "out", model=packed)


@pytest.mark.parametrize(
    ("holdout", "sentence"),
    [
        ("id,income,visits,city,note\nk,1,1,Ulm,n\n", "lacks the column 'left' \\(the target\\)"),
        ("id,income,visits,city,note,left\nk,1,1,Ulm,n,maybe\n", "row 1, column 'left': 'maybe' is neither 'Yes' nor"),
        ("id,income,visits,city,note,left\n", "has no rows"),
    ],
)
def test_a_holdout_that_does_not_fit(pipeline: Pipeline, tmp_path: Path, holdout: str, sentence: str):
    (tmp_path / "holdout").mkdir()
    (tmp_path / "holdout" / "holdout.csv").write_text(holdout)
    with pytest.raises(BadData, match=sentence):
        evaluate.main(evaluate_arguments(tmp_path, pipeline.model, pipeline.definition))


NAMES = {BINARY: metrics.NAMES, MULTICLASS: multiclass.NAMES, REGRESSION: regression.NAMES}
KEYS = {
    BINARY: "binary_classification_metrics",
    MULTICLASS: "multiclass_classification_metrics",
    REGRESSION: "regression_metrics",
}


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_each_task_from_the_artifact_to_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str):
    trained = make_trained(tmp_path, task)
    champion = make_model(tmp_path / "champion", task, seed=7)
    output = tmp_path / "out"
    more = ("--champion", str(champion), "--champion-package-arn", "arn:1")
    evaluate.main(trained.arguments(output, *more, slices=["city", "visits", "plan"]))

    evaluation = json.loads((output / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    found = evaluation[KEYS[task]]
    assert set(NAMES[task]) <= set(found)
    assert all(found[name]["standard_deviation"] > 0 for name in NAMES[task] if found[name]["value"])
    assert evaluation["dataset"]["item_count"] == 400
    assert evaluation["threshold"] == (0.5 if task == BINARY else None)
    assert evaluation["champion"]["package_arn"] == "arn:1"
    assert set(NAMES[task]) <= set(evaluation["champion"][KEYS[task]])
    assert {part["column"] for part in evaluation["slices"]} == {"city", "visits", "plan"}
    assert all(set(part["metrics"]) == set(NAMES[task]) for part in evaluation["slices"])
    assert all(set(part["champion"]["differences"]) == set(NAMES[task]) for part in evaluation["slices"])
    differences = evaluation["champion"]["differences"]
    for name in NAMES[task]:
        assert differences[name]["value"] == found[name]["value"] - evaluation["champion"][KEYS[task]][name]["value"]
        assert differences[name]["standard_deviation"] > 0
    line = json.loads(capsys.readouterr().out)
    assert line == {name: found[name]["value"] for name in NAMES[task]}

    rows = _predictions(output)
    columns = {
        BINARY: ["label", "score", "champion_score"],
        MULTICLASS: [
            "label",
            "predicted",
            *(f"probability_{name}" for name in CLASSES[MULTICLASS]),
            "champion_predicted",
        ],
        REGRESSION: ["label", "prediction", "champion_score"],
    }[task]
    assert list(rows[0]) == columns
    golden = json.loads((output / "evaluation" / "golden.json").read_text(encoding="utf-8"))
    served = score_rows(load_artifact(trained.model), [[r[n] for n in trained.codec.names] for r in golden["records"]])
    assert golden["scores"] == served.tolist()
    first = golden["scores"][0]
    assert [float(rows[0][name]) for name in columns[2 if task == MULTICLASS else 1 : -1]] == (
        first if task == MULTICLASS else [first]
    )
    if task == MULTICLASS:
        assert [row["label"] for row in rows] == [row["y"] for row in trained.rows]
        hits = sum(row["label"] == row["predicted"] for row in rows)
        assert found["accuracy"]["value"] == pytest.approx(hits / 400)
        assert list(found["confusion_matrix"]) == list(CLASSES[MULTICLASS])


def test_each_model_is_judged_at_its_own_threshold(tmp_path: Path):
    trained = make_trained(tmp_path, BINARY, threshold=0.3)
    champion = make_model(tmp_path / "champion", BINARY, threshold=0.6)
    evaluate.main(trained.arguments(tmp_path / "out", "--champion", str(champion)))
    evaluation = json.loads((tmp_path / "out" / "evaluation" / "evaluation.json").read_text())
    live = evaluation["champion"]
    assert (evaluation["threshold"], live["threshold"]) == (0.3, 0.6)
    rows = _predictions(tmp_path / "out")
    for matrix, column, threshold in (
        (evaluation["binary_classification_metrics"]["confusion_matrix"], "score", 0.3),
        (live["binary_classification_metrics"]["confusion_matrix"], "champion_score", 0.6),
    ):
        called = sum(float(row[column]) >= threshold for row in rows)
        assert matrix["0"]["1"] + matrix["1"]["1"] == called


def test_a_champion_of_another_task_is_an_error_that_the_gate_reads(tmp_path: Path):
    trained = make_trained(tmp_path, BINARY)
    champion = make_model(tmp_path / "champion", REGRESSION)
    evaluate.main(trained.arguments(tmp_path / "out", "--champion", str(champion)))
    evaluation = json.loads((tmp_path / "out" / "evaluation" / "evaluation.json").read_text())
    assert evaluation["champion"]["error"] == "The champion is of the task regression, this model of binary."


def test_a_slice_column_that_the_data_lack_is_named(tmp_path: Path):
    trained = make_trained(tmp_path, BINARY)
    with pytest.raises(BadData, match=r"lacks the column 'age' \(evaluation\.slices\).* correct model\.yaml"):
        evaluate.main(trained.arguments(tmp_path / "out", slices=["age"]))


def test_a_test_set_of_one_class_is_valid_json_with_nulls(tmp_path: Path):
    """As the gate then sees it; nothing stops before."""
    trained = make_trained(tmp_path, BINARY)
    rows = [row for row in trained.rows if row["y"] == "No"]
    write_holdout(trained.holdout, rows)
    champion = make_model(tmp_path / "champion", BINARY, seed=7)
    evaluate.main(trained.arguments(tmp_path / "out", "--champion", str(champion), slices=["city"]))
    text = (tmp_path / "out" / "evaluation" / "evaluation.json").read_text()
    assert "NaN" not in text
    evaluation = json.loads(text)
    assert evaluation["binary_classification_metrics"]["auc"] == {"value": None, "standard_deviation": None}
    assert evaluation["dataset"] == {"item_count": len(rows), "positive_count": 0}
    auc = {"value": None, "standard_deviation": None, "method": "delong"}
    assert evaluation["champion"]["differences"]["auc"] == auc
    assert all(part["champion"]["differences"]["auc"] == auc for part in evaluation["slices"])
    assert evaluation["champion"]["differences"]["log_loss"]["standard_deviation"] > 0
