"""Trains a model on the splits of preprocess.py, and keeps the round that is best on validation.

On a laptop, after preprocess.py:

    python training_code/train.py --train out/train --validation out/validation --codec out/codec --model-dir model

In SageMaker the paths come from SM_CHANNEL_TRAIN, SM_CHANNEL_VALIDATION, SM_CHANNEL_CODEC and SM_MODEL_DIR, the hosts
from SM_HOSTS, and the hyperparameters as arguments. The model folder gets model.ubj (XGBoost's own format),
features.json, training.json and code/ with inference.py and what it imports, so that the artifact serves itself. With
--checkpoint_rounds N, a job that is started again goes on from checkpoints/ beside the model folder (--checkpoint-dir)
and gives the same model as one that ran through with the same N.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from cluster.hosts import training_cluster
from codec.codec import Codec
from codec.features_json import CodecFormatError, read_codec
from job import OUTPUT_DIR, Arguments, BadData, end, run
from training.artifact import write_artifact
from training.booster import train_booster
from training.company import company
from training.hyperparameters import FOREST, parse_hyperparameters

INPUT = "/opt/ml/input/data"
FAILURE_FILE = OUTPUT_DIR / "failure"


def parse_arguments(argv: Sequence[str]) -> Namespace:
    parser = Arguments(description=__doc__)
    for name in ("train", "validation", "codec"):
        channel = os.environ.get(f"SM_CHANNEL_{name.upper()}", f"{INPUT}/{name}")
        parser.add_argument(f"--{name}", type=Path, default=Path(channel))
    model_dir = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    parser.add_argument("--model-dir", type=Path, default=model_dir)
    # Which SageMaker keeps in S3 while the job runs, as /opt/ml/checkpoints; it has no variable.
    parser.add_argument("--checkpoint-dir", type=Path, help="default: checkpoints/ beside the model folder")
    arguments = parse_hyperparameters(parser, argv)
    arguments.checkpoint_dir = arguments.checkpoint_dir or arguments.model_dir.parent / "checkpoints"
    return arguments


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    codec = _read_codec(arguments.codec)
    cluster = training_cluster(os.environ)
    if arguments.algorithm == FOREST:
        # Imports scikit-learn, a second.
        from training.forest import train_forest

        write_artifact(train_forest(arguments, codec, cluster), arguments, codec.target.task)
        return
    with company(cluster, FAILURE_FILE) as here:
        trained = train_booster(arguments, codec, cluster, here)
        # SageMaker collects the model folder of every host.
        if cluster.is_first:
            write_artifact(trained, arguments, codec.target.task)


def _read_codec(folder: Path) -> Codec:
    try:
        return read_codec(folder / "features.json")
    except CodecFormatError as error:
        raise BadData(str(error)) from error


if __name__ == "__main__":
    end(run(main, sys.argv[1:], FAILURE_FILE))
