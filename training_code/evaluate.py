"""Scores the test split with the new model, and with the champion where there is one.

On a laptop, after train.py:

    python training_code/evaluate.py --holdout out/holdout --model model --definition definition.json --output out \
        --codec out/codec --baseline out/baseline

--model and --champion take a folder that holds model.tar.gz, or the unpacked artifact. What the report and the gate
can do without may be absent: --codec and --baseline of this run, --previous with the last run's counts.json,
--champion-baseline with the champion's statistics.json, --tuning with tuning.json. Output:
evaluation/{evaluation.json,reference.json,quality_constraints.json,predictions.csv,golden.json} and report/report.html.
reference.json is what production is compared with. Each metric has a bootstrap standard
deviation, and so has its difference to the champion's; rows count once each, whatever their sample weight in training.
"""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from definition import read_definition
from evaluation import report
from evaluation.artifacts import open_artifact
from evaluation.bootstrap import Bootstrap
from evaluation.documents import evaluation_document, main_metrics, write_json
from evaluation.importance import contributions, importance_document
from evaluation.predictions import golden_document, write_predictions
from evaluation.reference import write_reference
from evaluation.report_facts import report_facts
from evaluation.run_data import read_run_data
from evaluation.scoring import open_champion, score_holdout
from evaluation.slices import slice_columns
from job import OUTPUT_DIR, Arguments, run

PROCESSING = Path("/opt/ml/processing")
INPUTS = ("holdout", "model", "champion", "definition", "codec", "baseline", "previous", "champion-baseline", "tuning")


def parse_arguments(argv: Sequence[str]) -> Namespace:
    parser = Arguments(description=__doc__)
    for name in INPUTS:
        parser.add_argument(f"--{name}", type=Path, default=PROCESSING / "input" / name)
    parser.add_argument("--champion-package-arn", default=os.environ.get("CHAMPION_PACKAGE_ARN", ""))
    parser.add_argument("--previous-run-id", default=os.environ.get("PREVIOUS_RUN_ID", ""))
    parser.add_argument("--output", type=Path, default=PROCESSING / "output")
    parser.add_argument("--seed", type=int, default=42, help="of the bootstrap and of samples of rows")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    definition = read_definition(arguments.definition)
    challenger = open_artifact(arguments.model)
    champion = open_champion(arguments.champion, arguments.champion_package_arn, challenger.codec.target)
    slices = slice_columns(definition.evaluation.slices, challenger.codec)
    holdout = score_holdout(arguments.holdout, challenger, champion, slices, arguments.seed)
    contributed = contributions(challenger, holdout.sample)
    run_data = read_run_data(arguments, challenger.training)

    bootstrap = Bootstrap(definition.evaluation.bootstrap_replicates, arguments.seed)
    evaluation = {
        **evaluation_document(holdout, bootstrap),
        "data": run_data.to_json(),
        "importance": importance_document(challenger, contributed),
    }
    facts = report_facts(definition.name, evaluation, holdout, contributed, run_data, arguments.seed)
    page = report.render(facts)

    folder = arguments.output / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "evaluation.json", evaluation)
    write_reference(folder, holdout, evaluation, contributed, definition.max_quality_loss)
    write_predictions(folder / "predictions.csv", holdout)
    write_json(folder / "golden.json", golden_document(holdout))
    (arguments.output / "report").mkdir(parents=True, exist_ok=True)
    (arguments.output / "report" / "report.html").write_text(page, encoding="utf-8")
    task = holdout.ours.task
    print(json.dumps(main_metrics(evaluation, task.names, task.key)))


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], OUTPUT_DIR / "message"))
