import ast
import json
import re
import shutil
from pathlib import Path

import pytest
import xgboost

import train
from codec.features_json import read_codec
from job import BadData
from tests.unit.training_code.tiny import Pipeline, channels
from training.hyperparameters import HYPERPARAMETERS

SCRIPTS = Path(train.__file__).parent
# The regular expression by which SageMaker finds the metric in the log.
VALIDATION_AUC = re.compile(r".*\[[0-9]+\].*validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*")


def _train(pipeline: Pipeline, model: Path, *more: str) -> Path:
    train.main([*channels(pipeline.output), "--model-dir", str(model), "--num_round", "60", *more])
    return model


def test_the_artifact_is_whole(pipeline: Pipeline):
    names = {str(path.relative_to(pipeline.model)) for path in pipeline.model.rglob("*") if path.is_file()}
    assert names == {"model.ubj", "features.json", "training.json", *(f"code/{name}" for name in train.SERVING_CODE)}


def test_the_artifact_carries_what_inference_imports_and_no_more():
    """Follows the imports from inference.py among the modules of this folder."""
    needed, queue = set(), ["inference"]
    while queue:
        name = queue.pop()
        if name in needed or not (SCRIPTS / f"{name}.py").exists():
            continue
        needed.add(name)
        for node in ast.walk(ast.parse((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                queue.append(str(node.module))
            elif isinstance(node, ast.Import):
                queue += [alias.name for alias in node.names]
    assert {f"{name}.py" for name in needed} == set(train.SERVING_CODE)


def test_the_model_holds_the_best_round_and_its_types(pipeline: Pipeline):
    training = json.loads((pipeline.model / "training.json").read_text())
    booster = xgboost.Booster(model_file=pipeline.model / "model.ubj")
    aucs = training["evals"]["validation"]["auc"]
    assert booster.num_boosted_rounds() == training["best_iteration"] + 1
    assert training["best_validation_auc"] == max(aucs) == aucs[training["best_iteration"]]
    assert booster.feature_types == ["float", "float", "c"] or booster.feature_types == ["q", "q", "c"]
    assert training["counts"] == pipeline.read("codec/counts.json")


def test_the_same_input_gives_the_same_bytes_whatever_the_number_of_threads(pipeline: Pipeline, tmp_path: Path):
    models = [_train(pipeline, tmp_path / threads, "--nthread", threads) for threads in ("1", "2")]
    first, second = ((model / "model.ubj").read_bytes() for model in models)
    assert first == second == (pipeline.model / "model.ubj").read_bytes()
    assert (models[0] / "training.json").read_bytes() == (models[1] / "training.json").read_bytes()


def test_another_seed_is_another_model(pipeline: Pipeline, tmp_path: Path):
    other = _train(pipeline, tmp_path, "--seed", "1")
    assert (other / "model.ubj").read_bytes() != (pipeline.model / "model.ubj").read_bytes()


def test_metric_lines_end_with_the_round_that_is_kept(
    pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = _train(pipeline, tmp_path)
    lines = capsys.readouterr().out.splitlines()
    training = json.loads((model / "training.json").read_text())
    values = [float(match[1]) for line in lines if (match := VALIDATION_AUC.fullmatch(line))]
    assert len(values) == len(training["evals"]["validation"]["auc"]) + 1
    assert values[-1] == pytest.approx(training["best_validation_auc"], abs=1e-6)
    assert lines[-1].startswith(f"[{training['best_iteration']}]\ttrain-logloss:")


def test_no_split_is_kept_when_nothing_can_be_learned(pipeline: Pipeline, tmp_path: Path):
    """min_child_weight above all weight: a model without a split answers the base rate."""
    model = _train(pipeline, tmp_path, "--min_child_weight", "1e6")
    assert json.loads((model / "training.json").read_text())["best_validation_auc"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--learning_rate", "0.1"], r"does not know --learning_rate 0.1\. Its hyperparameters are: num_round, .*nthr"),
        (["--max_depth", "deep"], "--max_depth: 'deep' is not a number of type int"),
        (["--eta", "0"], "--eta: 0 is out of bounds: above 0, at most 1"),
        (["--num_round", "0"], "--num_round: 0 is out of bounds: at least 1"),
        (["--subsample", "nan"], "--subsample: nan is out of bounds"),
    ],
)
def test_hyperparameters_are_checked(pipeline: Pipeline, tmp_path: Path, arguments: list[str], sentence: str):
    with pytest.raises(BadData, match=sentence):
        _train(pipeline, tmp_path, *arguments)
    assert not list(tmp_path.iterdir())


def test_defaults_pass_their_own_checks():
    for parse, default in HYPERPARAMETERS.values():
        assert parse(str(default)) == default


def test_channels_that_are_not_of_this_codec(pipeline: Pipeline, tmp_path: Path):
    output = tmp_path / "out"
    shutil.copytree(pipeline.output, output)
    arguments = [*channels(output), "--model-dir", str(tmp_path / "model")]
    (output / "train" / "train.csv").write_text("0,1,2\n1,2,3\n")
    with pytest.raises(BadData, match=r"train.csv is not what features.json describes \(the target and 3 numeric"):
        train.main(arguments)
    (output / "train" / "train.csv").unlink()
    with pytest.raises(BadData, match=r"no \.csv file in the channel"):
        train.main(arguments)
    (output / "codec" / "features.json").unlink()
    with pytest.raises(BadData, match=r"no features.json in"):
        train.main(arguments)


def test_the_matrix_has_the_codecs_columns(pipeline: Pipeline):
    from training.matrices import read_matrix

    codec = read_codec(pipeline.output / "codec" / "features.json")
    matrix = read_matrix(xgboost, pipeline.output / "validation", codec, nthread=1)
    assert (tuple(matrix.feature_names), matrix.feature_types) == (codec.names, ["q", "q", "c"])
    assert matrix.num_row() == pipeline.read("codec/counts.json")["validation"]
