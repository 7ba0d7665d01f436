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
from training.artifact import serving_code
from training.channels import open_channel
from training.hyperparameters import FOREST_HYPERPARAMETERS, HYPERPARAMETERS, PLATFORM
from training.matrices import Matrices, read_arrays

SCRIPTS = Path(train.__file__).parent
# The regular expression by which SageMaker finds the metric in the log.
VALIDATION_AUC = re.compile(r".*\[[0-9]+\].*validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*")


def _train(pipeline: Pipeline, model: Path, *more: str) -> Path:
    train.main([*channels(pipeline.output), "--model-dir", str(model), "--num_round", "60", *more])
    return model


def test_the_artifact_is_whole(pipeline: Pipeline):
    names = {str(path.relative_to(pipeline.model)) for path in pipeline.model.rglob("*") if path.is_file()}
    assert names == {"model.ubj", "features.json", "training.json", *(f"code/{name}" for name in serving_code())}


def _imported(source: Path) -> set[str]:
    """Names of modules, wherever in the file they are imported."""
    names = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_the_artifact_carries_what_inference_imports_and_no_more():
    """Follows the imports from inference.py among the modules of this folder."""
    needed: set[Path] = set()
    queue = ["inference"]
    while queue:
        path = Path(f"{queue.pop().replace('.', '/')}.py")
        if path not in needed and (SCRIPTS / path).exists():
            needed.add(path)
            queue += _imported(SCRIPTS / path)
    packages = {path.parent / "__init__.py" for path in needed if path.parent != Path()}
    assert needed | packages == set(serving_code())


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
        (["--gamma", "inf"], "--gamma: inf is out of bounds: at least 0, at most 3"),
        (["--eta", "1e-46"], "--eta: 1e-46 is out of bounds: above 0, at most 1"),
        (["--seed", "99999999999999999999"], "--seed: 99999999999999999999 is out of bounds"),
        (["--decision_threshold", "cost:inf"], "--decision_threshold: .*inf.* is out of bounds"),
        (["--algorithm", "magic"], "--algorithm: 'magic' is not one of xgboost, sklearn-random-forest"),
        (["--class_weight", "heavy"], "--class_weight: 'heavy' is not one of none, balanced"),
        (["--decision_threshold", "1"], "--decision_threshold: 1 is out of bounds: above 0, below 1"),
        (["--decision_threshold", "cost:0"], "--decision_threshold: 0 is out of bounds: above 0"),
        (["--decision_threshold", "cost:"], "--decision_threshold: '' is not a number"),
        (["--monotone_constraints", "{"], "--monotone_constraints: '{' is not JSON"),
        (["--monotone_constraints", '{"age": 1}'], "is not an object of features that are increasing or decreasing"),
        (["--memory_share", "0"], "--memory_share: 0 is out of bounds: above 0, at most 1"),
        (["--checkpoint_rounds", "-1"], "--checkpoint_rounds: -1 is out of bounds"),
    ],
)
def test_hyperparameters_are_checked(pipeline: Pipeline, tmp_path: Path, arguments: list[str], sentence: str):
    with pytest.raises(BadData, match=sentence):
        _train(pipeline, tmp_path, *arguments)
    assert not list(tmp_path.iterdir())


def test_defaults_pass_their_own_checks():
    for parse, default in [*HYPERPARAMETERS.values(), *FOREST_HYPERPARAMETERS.values(), *PLATFORM.values()]:
        parsed = parse(str(default))
        assert parsed == default or default == "{}" == json.dumps(parsed)


def test_a_channel_that_is_not_of_this_codec(pipeline: Pipeline, tmp_path: Path):
    output = tmp_path / "out"
    shutil.copytree(pipeline.output, output)
    arguments = [*channels(output), "--model-dir", str(tmp_path / "model")]
    (output / "train" / "train.csv").write_text("0,1,2\n1,2,3\n")
    with pytest.raises(BadData, match=r"train.csv is not what features.json describes \(the target and 3 features"):
        train.main(arguments)
    (output / "codec" / "features.json").unlink()
    with pytest.raises(BadData, match=r"no features.json in"):
        train.main(arguments)


def test_the_matrix_has_the_codecs_columns(pipeline: Pipeline):
    codec = read_codec(pipeline.output / "codec" / "features.json")
    matrix = Matrices(codec, nthread=1, max_bin=256).make(open_channel(pipeline.output / "validation", codec))
    assert (tuple(matrix.feature_names), matrix.feature_types) == (codec.names, ["q", "q", "c"])
    assert matrix.num_row() == pipeline.read("codec/counts.json")["validation"]


def test_the_threshold_makes_f1_best_on_validation(pipeline: Pipeline):
    codec = read_codec(pipeline.output / "codec" / "features.json")
    labels, _, features = read_arrays(open_channel(pipeline.output / "validation", codec))
    booster = xgboost.Booster(model_file=pipeline.model / "model.ubj")
    scores = booster.inplace_predict(features, validate_features=False)

    def f1(threshold: float) -> float:
        called = scores >= threshold
        return 2 * (called & (labels == 1)).sum() / (called.sum() + labels.sum())

    threshold = json.loads((pipeline.model / "training.json").read_text())["threshold"]
    assert f1(threshold) == max(map(f1, scores))
