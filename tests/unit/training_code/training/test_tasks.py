"""train.py on every task and algorithm, with weights, constraints and balance."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

import train
from codec.codec import BINARY, MULTICLASS, REGRESSION
from job import BadData
from tests.unit.training_code.training.splits import CLASSES, make_split, write_channels

WATCHED = {BINARY: "auc", MULTICLASS: "mlogloss", REGRESSION: "rmse"}
FOREST = ["--algorithm", "sklearn-random-forest", "--n_estimators", "20"]


def _train(folder: Path, arguments: list[str], *more: str) -> tuple[Any, dict[str, Any]]:
    """The model and training.json."""
    train.main([*arguments, *more])
    booster = xgboost.Booster(model_file=folder / "model" / "model.ubj")
    return booster, json.loads((folder / "model" / "training.json").read_text())


def _predict(booster: Any, features: np.ndarray) -> np.ndarray:
    return booster.inplace_predict(features, validate_features=False)


@pytest.mark.parametrize("algorithm", [["--num_round", "40"], FOREST], ids=["xgboost", "forest"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_each_task_is_learned(tmp_path: Path, task: str, suffix: str, algorithm: list[str]):
    booster, training = _train(tmp_path, write_channels(tmp_path, task, suffix=suffix), *algorithm)
    validation = make_split(task, 900, 1)
    predicted = _predict(booster, validation.features)
    assert predicted.shape == ((900, 3) if task == MULTICLASS else (900,))
    if task == REGRESSION:
        assert np.corrcoef(predicted, validation.target)[0, 1] > 0.8
    else:
        called = predicted.argmax(axis=1) if task == MULTICLASS else predicted >= training["threshold"]
        assert (called == validation.target).mean() > np.bincount(validation.target.astype(int)).max() / 900 + 0.01
    best = training["best_iteration"]
    assert training["task"] == task
    assert training[f"best_validation_{WATCHED[task]}"] == training["evals"]["validation"][WATCHED[task]][best]
    assert (training["threshold"] is None) == (task != BINARY)
    assert training["rows"] == {"train": 900, "validation": 900}


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_the_kept_round_is_the_best_and_training_stops_soon_after(tmp_path: Path, task: str):
    more = ["--eta", "0.5", "--max_depth", "8", "--early_stopping_rounds", "3", "--num_round", "200"]
    booster, training = _train(tmp_path, write_channels(tmp_path, task), *more)
    series = training["evals"]["validation"][WATCHED[task]]
    best = (max if task == BINARY else min)(series)
    assert training["best_iteration"] == series.index(best)
    assert len(series) == training["best_iteration"] + 4 < 200
    assert booster.num_boosted_rounds() == training["best_iteration"] + 1


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_what_training_says_of_validation_is_what_the_model_does(tmp_path: Path, task: str):
    """By another way: the model file, and the metric by hand. Also of the converted forest."""
    for algorithm in (["--num_round", "20"], FOREST):
        arguments = write_channels(tmp_path / algorithm[1], task, weighted=True)
        booster, training = _train(tmp_path / algorithm[1], arguments, *algorithm)
        split = make_split(task, 900, 1)
        predicted = _predict(booster, split.features).astype(float)
        if task == REGRESSION:
            errors = (predicted - split.target) ** 2
        else:
            rows = np.arange(900)
            both = np.column_stack([1 - predicted, predicted]) if task == BINARY else predicted
            errors = -np.log(np.clip(both[rows, split.target.astype(int)], 1e-7, 1))
        mean = np.average(errors, weights=split.weight)
        name = {BINARY: "logloss", MULTICLASS: "mlogloss", REGRESSION: "rmse"}[task]
        said = training["evals"]["validation"][name][training["best_iteration"]]
        assert said == pytest.approx(mean**0.5 if task == REGRESSION else mean, rel=2e-3)


@pytest.mark.parametrize("algorithm", [["--num_round", "20"], FOREST], ids=["xgboost", "forest"])
def test_a_row_of_weight_two_counts_as_two_rows(tmp_path: Path, algorithm: list[str]):
    """No weights at all and weights of one are the same; the weights of this data change the model."""
    plain, _ = _train(tmp_path / "plain", write_channels(tmp_path / "plain", REGRESSION), *algorithm)
    weighted, _ = _train(tmp_path / "weighted", write_channels(tmp_path / "weighted", REGRESSION, True), *algorithm)
    ones = write_channels(tmp_path / "ones", REGRESSION, weighted=True)
    for file in tmp_path.glob("ones/*/*.csv"):
        rows = [line.split(",") for line in file.read_text().splitlines()]
        file.write_text("".join(",".join([row[0], "1", *row[2:]]) + "\n" for row in rows))
    same, _ = _train(tmp_path / "ones", ones, *algorithm)
    features = make_split(REGRESSION, 200, 9).features
    np.testing.assert_allclose(_predict(same, features), _predict(plain, features), rtol=1e-5)
    assert np.abs(_predict(weighted, features) - _predict(plain, features)).max() > 1e-3


@pytest.mark.parametrize("algorithm", [["--num_round", "20"], FOREST], ids=["xgboost", "forest"])
@pytest.mark.parametrize("task", [BINARY, MULTICLASS])
def test_balance_raises_the_rare_class(tmp_path: Path, task: str, algorithm: list[str]):
    features = make_split(task, 900, 2).features
    shares = []
    for way in ("none", "balanced"):
        booster, _ = _train(tmp_path / way, write_channels(tmp_path / way, task), *algorithm, "--class_weight", way)
        predicted = _predict(booster, features)
        shares.append(predicted[..., -1].mean() if task == MULTICLASS else predicted.mean())
    assert shares[1] > shares[0] * 1.1


def test_balance_is_xgboosts_weight_of_positives_unless_one_is_given(tmp_path: Path):
    target = make_split(BINARY, 900, 0).target
    arguments = [*write_channels(tmp_path, BINARY), "--num_round", "2", "--class_weight", "balanced"]
    _, training = _train(tmp_path, arguments)
    assert training["hyperparameters"]["scale_pos_weight"] == pytest.approx((target == 0).sum() / target.sum())
    _, training = _train(tmp_path, arguments, "--scale_pos_weight", "2.5")
    assert training["hyperparameters"]["scale_pos_weight"] == 2.5


def test_balance_without_a_class_is_refused(tmp_path: Path):
    arguments = write_channels(tmp_path, BINARY)
    for file in (tmp_path / "train").iterdir():
        file.write_text("0,1,2,0\n0,1,2,1\n")
    with pytest.raises(BadData, match="balanced and no training row is of class 'Yes'"):
        train.main([*arguments, "--class_weight", "balanced"])
    with pytest.raises(BadData, match="No training row is of class 'Yes'"):
        train.main([*arguments, *FOREST])


@pytest.mark.parametrize("algorithm", [["--num_round", "40"], FOREST], ids=["xgboost", "forest"])
@pytest.mark.parametrize(("direction", "sign"), [("increasing", 1), ("decreasing", -1)])
def test_a_constrained_feature_moves_the_prediction_one_way(
    tmp_path: Path, algorithm: list[str], direction: str, sign: int
):
    constraint = ["--monotone_constraints", json.dumps({"load": direction})]
    booster, _ = _train(tmp_path, write_channels(tmp_path, BINARY, missing=0), *algorithm, *constraint)
    rows = np.repeat(make_split(BINARY, 50, 3, missing=0).features, 20, axis=0)
    rows[:, 1] = np.tile(np.linspace(0, 1, 20), 50)
    steps = np.diff(_predict(booster, rows).reshape(50, 20), axis=1) * sign
    assert steps.min() >= -1e-6


@pytest.mark.parametrize("algorithm", [[], FOREST], ids=["xgboost", "forest"])
@pytest.mark.parametrize(
    ("constraints", "sentence"),
    [
        ({"height": "increasing"}, "names height, which is no feature: the features are age, load, city"),
        ({"city": "decreasing"}, "names city, which is categorical"),
    ],
)
def test_constraints_that_make_no_sense_are_refused(
    tmp_path: Path, algorithm: list[str], constraints: dict[str, str], sentence: str
):
    arguments = write_channels(tmp_path, BINARY)
    with pytest.raises(BadData, match=sentence):
        train.main([*arguments, *algorithm, "--monotone_constraints", json.dumps(constraints)])


def test_a_forest_refuses_what_it_cannot_do(tmp_path: Path):
    arguments = [*write_channels(tmp_path, MULTICLASS), *FOREST]
    with pytest.raises(BadData, match=r"has no rounds: set training.checkpoint_rounds to 0"):
        train.main([*arguments, "--checkpoint_rounds", "5"])
    with pytest.raises(BadData, match="knows none for more than two classes"):
        train.main([*arguments, "--monotone_constraints", '{"age": "increasing"}'])
    binary = [*write_channels(tmp_path / "binary", BINARY), *FOREST]
    with pytest.raises(BadData, match="keeps them only where no cell is missing"):
        train.main([*binary, "--monotone_constraints", '{"age": "increasing"}'])
    with pytest.raises(BadData, match="holds the data in memory"):
        train.main([*arguments, "--memory_share", "1e-9"])
    with pytest.raises(BadData, match=r"does not know --eta 0\.1\. Its hyperparameters are: n_estimators, "):
        train.main([*arguments, "--eta", "0.1"])
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_training_from_disk_is_as_good(tmp_path: Path, task: str, suffix: str, capsys: pytest.CaptureFixture[str]):
    arguments = [*write_channels(tmp_path, task, weighted=True, suffix=suffix, rows=3000), "--num_round", "30"]
    _, in_memory = _train(tmp_path, arguments)
    capsys.readouterr()
    _, from_disk = _train(tmp_path, arguments, "--memory_share", "1e-9")
    assert capsys.readouterr().out.count("Training from disk, in ") == 1
    metric = f"best_validation_{WATCHED[task]}"
    assert from_disk[metric] == pytest.approx(in_memory[metric], rel=0.01)
    assert from_disk["rows"] == in_memory["rows"]


@pytest.mark.parametrize("text", ["", "7,1,2,0\n"])
def test_what_is_no_data_is_refused_from_disk_too(tmp_path: Path, text: str):
    arguments = write_channels(tmp_path, BINARY)
    (tmp_path / "train" / "train-0.csv").write_text(text)
    with pytest.raises(BadData, match=r"train-0\.csv (holds no row|is not what features\.json describes)"):
        train.main([*arguments, "--memory_share", "1e-9"])


@pytest.mark.parametrize(("how", "value"), [("0.25", 0.25), ("best-f1", None), ("cost:4", None)])
def test_the_threshold_is_chosen_on_validation(tmp_path: Path, how: str, value: float | None):
    from training.thresholds import choose_threshold

    booster, training = _train(
        tmp_path, write_channels(tmp_path, BINARY), "--num_round", "10", "--decision_threshold", how
    )
    split = make_split(BINARY, 900, 1)
    expected = value or choose_threshold(how, _predict(booster, split.features), split.target)
    assert training["threshold"] == expected
    assert CLASSES[BINARY] == ("No", "Yes")
