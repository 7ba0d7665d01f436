"""Scores the test split with the new model, and with the champion where there is one.

On a laptop, after train.py:

    python training_code/evaluate.py --holdout out/holdout --model model --definition definition.json --output out

--model and --champion take a folder that holds model.tar.gz, or the unpacked artifact. Output:
evaluation/{evaluation.json,predictions.csv,golden.json} and report/report.html. Each metric has a bootstrap standard
deviation; rows count once each, whatever their sample weight in training.
"""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from definition import read_definition
from evaluation import report
from evaluation.artifacts import open_artifact, task_of
from evaluation.bootstrap import Bootstrap
from evaluation.documents import evaluation_document, golden_document, main_metrics, write_json, write_predictions
from evaluation.scoring import open_champion, score_holdout
from evaluation.slices import slice_columns
from job import OUTPUT_DIR, Arguments, run
from serving.artifact import Artifact

PROCESSING = Path("/opt/ml/processing")


def parse_arguments(argv: Sequence[str]) -> Namespace:
    parser = Arguments(description=__doc__)
    for name in ("holdout", "model", "champion", "definition"):
        parser.add_argument(f"--{name}", type=Path, default=PROCESSING / "input" / name)
    parser.add_argument("--champion-package-arn", default=os.environ.get("CHAMPION_PACKAGE_ARN", ""))
    parser.add_argument("--output", type=Path, default=PROCESSING / "output")
    parser.add_argument("--seed", type=int, default=42, help="of the bootstrap")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    definition = read_definition(arguments.definition)
    challenger = open_artifact(arguments.model)
    target = challenger.codec.target
    champion = open_champion(arguments.champion, arguments.champion_package_arn, target)
    slices = slice_columns(definition.evaluation.slices, challenger.codec)
    holdout = score_holdout(arguments.holdout, challenger, champion, slices)

    bootstrap = Bootstrap(definition.evaluation.bootstrap_replicates, arguments.seed)
    evaluation = evaluation_document(challenger, holdout, champion, bootstrap)
    page = report.render(definition.name, evaluation, challenger.training, _importances(challenger))

    folder = arguments.output / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "evaluation.json", evaluation)
    write_predictions(folder / "predictions.csv", target, holdout, champion)
    write_json(folder / "golden.json", golden_document(holdout))
    (arguments.output / "report").mkdir(parents=True, exist_ok=True)
    (arguments.output / "report" / "report.html").write_text(page, encoding="utf-8")
    task = task_of(challenger, target.classes)
    print(json.dumps(main_metrics(evaluation, task.names, task.key)))


def _importances(artifact: Artifact) -> dict[str, float]:
    return {name: float(gain) for name, gain in artifact.booster.get_score(importance_type="gain").items()}


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], OUTPUT_DIR / "message"))
