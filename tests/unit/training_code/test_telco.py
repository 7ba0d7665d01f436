"""Real customers, through the scripts' own mains with default hyperparameters."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import evaluate
import inference
import preprocess
import train
from tests.unit.training_code.tiny import channels, evaluate_arguments, score_rows

DATA = Path(__file__).parents[4] / "shared" / "data" / "telco_churn.csv"
NUMERIC = ("tenure", "MonthlyCharges", "TotalCharges")
SEEDS = (42, 1, 2, 3, 4)

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the Telco data is not at {DATA}")


def _definition(seed: int) -> dict[str, Any]:
    with DATA.open(newline="", encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    types = {name: "numeric" if name in NUMERIC else "categorical" for name in header}
    features = {name: {"type": kind} for name, kind in types.items() if name not in ("customerID", "Churn")}
    split = {"train": 0.7, "validation": 0.2, "test": 0.1, "seed": seed}
    data = {"target": "Churn", "positive_label": "Yes", "key": "customerID", "features": features, "split": split}
    return {"name": "telco", "data": data}


def _run(folder: Path, seed: int) -> dict[str, Any]:
    definition, output, model = folder / "definition.json", folder / "out", folder / "model"
    folder.mkdir()
    definition.write_text(json.dumps(_definition(seed)))
    preprocess.main(["--data", str(DATA), "--definition", str(definition), "--output", str(output)])
    train.main([*channels(output), "--model-dir", str(model)])
    evaluate.main(evaluate_arguments(output, model, definition))
    evaluation = json.loads((output / "evaluation" / "evaluation.json").read_text())
    return evaluation["binary_classification_metrics"]


@pytest.fixture(scope="module")
def telco(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("telco")
    return folder, {seed: _run(folder / str(seed), seed) for seed in SEEDS}


def test_quality_with_default_hyperparameters(telco: tuple[Path, dict[int, dict[str, Any]]]):
    """The bars hold for each of these splits; test sets of 700 rows scatter by 0.015, so other splits may miss one.

    The threshold is that of the best F1 on validation: it finds most who leave, and pays with some accuracy.
    """
    found = {seed: {name: run[name]["value"] for name in ("auc", "f1", "recall")} for seed, run in telco[1].items()}
    assert found[42]["auc"] >= 0.83, found
    assert all(run["auc"] >= 0.81 and run["f1"] >= 0.57 and run["recall"] >= 0.6 for run in found.values()), found


def test_blank_charges_survive_as_missing(telco: tuple[Path, dict[int, dict[str, Any]]]):
    output = telco[0] / "42" / "out"
    counts = json.loads((output / "codec" / "counts.json").read_text())
    assert (counts["rows"], counts["rejected"]) == (7043, 0)
    missing = 0
    for split in ("train", "validation", "test"):
        with (output / split / f"{split}.csv").open(newline="") as stream:
            missing += sum(row[-1] == "" for row in csv.reader(stream))
    assert missing == 11
    model = inference.model_fn(str(telco[0] / "42" / "model"))
    rows = [[cell] * len(model.codec.names) for cell in (" ", None)]
    assert score_rows(model, rows)[0] == score_rows(model, rows)[1]


def test_the_endpoint_gives_evaluates_scores(telco: tuple[Path, dict[int, dict[str, Any]]]):
    golden = json.loads((telco[0] / "42" / "out" / "evaluation" / "golden.json").read_text())
    model = inference.model_fn(str(telco[0] / "42" / "model"))
    request = inference.read_request(json.dumps(golden["records"]), "application/json")
    answers = json.loads(inference.write_answer(inference.score_request(request, model))[0])["predictions"]
    assert len(answers) == 100
    assert [answer["probability"] for answer in answers] == pytest.approx(golden["scores"], abs=1e-6)
