"""Trains XGBoost on the splits of preprocess.py, stops on the validation AUC, keeps the best round.

On a laptop, after preprocess.py:

    python training_code/train.py --train out/train --validation out/validation --codec out/codec --model-dir model

In SageMaker the paths come from SM_CHANNEL_TRAIN, SM_CHANNEL_VALIDATION, SM_CHANNEL_CODEC and SM_MODEL_DIR, and the
hyperparameters as arguments. The model folder gets model.ubj (XGBoost's own format), features.json, training.json and
code/ with inference.py and what it imports, so that the artifact serves itself.
"""

import json
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from codec.codec import Codec
from codec.features_json import CodecFormatError, read_codec
from job import OUTPUT_DIR, Arguments, BadData, run
from lean_xgboost import xgboost
from training.hyperparameters import HYPERPARAMETERS, add_hyperparameters, parse_hyperparameters, xgboost_parameters
from training.matrices import read_matrix

# inference.py and what it imports, directly or not; a test compares this with the imports.
SERVING_CODE = (
    "inference.py",
    "lean_xgboost.py",
    "codec/__init__.py",
    "codec/cells.py",
    "codec/codec.py",
    "codec/features_json.py",
    "serving/__init__.py",
    "serving/artifact.py",
    "serving/bad_request.py",
)
INPUT = "/opt/ml/input/data"


def parse_arguments(argv: Sequence[str]) -> Namespace:
    parser = Arguments(description=__doc__)
    for name in ("train", "validation", "codec"):
        channel = os.environ.get(f"SM_CHANNEL_{name.upper()}", f"{INPUT}/{name}")
        parser.add_argument(f"--{name}", type=Path, default=Path(channel))
    parser.add_argument("--model-dir", type=Path, default=Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model")))
    add_hyperparameters(parser)
    return parse_hyperparameters(parser, argv)


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    codec = _read_codec(arguments.codec)
    train = read_matrix(xgboost, arguments.train, codec, arguments.nthread)
    validation = read_matrix(xgboost, arguments.validation, codec, arguments.nthread, reference=train)

    history: dict[str, dict[str, list[float]]] = {}
    booster = xgboost.train(
        xgboost_parameters(arguments),
        train,
        num_boost_round=arguments.num_round,
        evals=[(train, "train"), (validation, "validation")],
        early_stopping_rounds=arguments.early_stopping_rounds,
        evals_result=history,
        verbose_eval=False,
        callbacks=[PrintEvals()],
    )
    best = booster.best_iteration
    # Metric collectors keep the last value they see: let it be that of the round that is kept.
    print(eval_line(best, history, best), flush=True)

    arguments.model_dir.mkdir(parents=True, exist_ok=True)
    booster[: best + 1].save_model(arguments.model_dir / "model.ubj")
    shutil.copyfile(arguments.codec / "features.json", arguments.model_dir / "features.json")
    _write_training(arguments, history, best, rows=(train.num_row(), validation.num_row()))
    _copy_serving_code(arguments.model_dir / "code")


class PrintEvals(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """One line per round, in the form that SageMaker's metric definitions read."""

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, list[float]]]) -> bool:
        print(eval_line(epoch, evals_log, -1), flush=True)
        return False


def eval_line(round_number: int, history: Mapping[str, Mapping[str, list[float]]], position: int) -> str:
    values = [f"{data}-{name}:{series[position]:.6f}" for data, log in history.items() for name, series in log.items()]
    return "\t".join([f"[{round_number}]", *values])


def _read_codec(folder: Path) -> Codec:
    try:
        return read_codec(folder / "features.json")
    except CodecFormatError as error:
        raise BadData(str(error)) from error


def _write_training(
    arguments: Namespace, history: Mapping[str, Mapping[str, list[float]]], best: int, rows: tuple[int, int]
) -> None:
    counts = arguments.codec / "counts.json"
    document = {
        "algorithm": "xgboost",
        "xgboost_version": xgboost.__version__,
        "best_iteration": best,
        "best_validation_auc": history["validation"]["auc"][best],
        "rows": {"train": rows[0], "validation": rows[1]},
        "counts": json.loads(counts.read_text(encoding="utf-8")) if counts.exists() else None,
        "hyperparameters": {name: getattr(arguments, name) for name in HYPERPARAMETERS},
        "evals": history,
    }
    text = json.dumps(document, indent=1, allow_nan=False)
    (arguments.model_dir / "training.json").write_text(text + "\n", encoding="utf-8")


def _copy_serving_code(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in SERVING_CODE:
        (target / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(Path(__file__).parent / name, target / name)


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], OUTPUT_DIR / "failure"))
