"""Checks production: what an endpoint was asked and answered, against what its version was trained and tested on.

On a laptop, after preprocess.py, train.py and evaluate.py:

    python training_code/monitor.py --check check --captures captures --ground-truth ground-truth \
        --baseline out/baseline --evaluation out/evaluation --model model --output report

--check holds plan.json (which window, of which version) and definition.json. --captures holds what is to be checked:
JSON Lines as SageMaker's data capture writes them, or, where the plan's source is batch, a batch's result. --earlier
holds captures that earlier checks have counted and whose labels may be new; --ground-truth labels, as JSON Lines or
CSV (monitoring/ground_truth.py says how). Both may be absent. Output: statistics.json, constraints.json and
constraint_violations.json in Model Monitor's schema, drift.json with every figure, drift.html for people, and
labelled.csv with the rows whose truth is known, ready to train on (beside an upload call it captured-<check id>.csv:
its rows may repeat keys). The last line is a JSON with verdict and counts.

Without arguments, in the environment of a Model Monitor schedule, it stands in for Model Monitor's analyzer
(monitoring/analyzer.py) and says so.
"""

import json
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from definition import read_definition
from evaluation.artifacts import open_artifact
from evaluation.documents import write_json
from job import OUTPUT_DIR, Arguments, run
from monitoring import analyzer
from monitoring.check_plan import read_plan, read_settings
from monitoring.documents import constraints_in_force, violations_document, window_statistics
from monitoring.findings import find
from monitoring.observing import Context, Inputs, observe
from monitoring.page import drift_page
from monitoring.reference import read_reference
from monitoring.window import window_of

PROCESSING = Path("/opt/ml/processing")
INPUTS = ("check", "captures", "earlier", "ground-truth", "baseline", "evaluation", "model")


def parse_arguments(argv: Sequence[str]) -> Namespace:
    parser = Arguments(description=__doc__)
    for name in INPUTS:
        parser.add_argument(f"--{name}", type=Path, default=PROCESSING / "input" / name)
    parser.add_argument("--output", type=Path, default=PROCESSING / "output")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=42, help="of samples of rows")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    if analyzer.is_asked(argv, os.environ):
        analyzer.analyze(os.environ, OUTPUT_DIR)
    else:
        check(argv)


def check(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    plan, settings = read_plan(arguments.check), read_settings(arguments.check)
    definition = read_definition(arguments.check)
    reference = read_reference(arguments.baseline, arguments.evaluation)
    artifact = open_artifact(arguments.model)

    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    inputs = Inputs(arguments.captures, arguments.earlier, arguments.ground_truth, output / "labelled.csv")
    with tempfile.TemporaryDirectory(dir=output, prefix=".ids-") as work:
        window = window_of(plan)
        context = Context(plan, window, definition, reference, artifact, Path(work), arguments.seed)
        observed = observe(inputs, context, arguments.processes)

    findings = find(plan, settings, reference, observed, artifact)
    write_json(output / "statistics.json", window_statistics(reference, observed))
    write_json(output / "constraints.json", constraints_in_force(reference, settings.bounds))
    write_json(output / "drift.json", findings)
    (output / "drift.html").write_text(drift_page.render(findings), encoding="utf-8")
    # The last one: that it is there says that the check is done.
    write_json(output / "constraint_violations.json", violations_document(findings))
    print(json.dumps({"verdict": findings["verdict"], **_counts(findings)}))


def _counts(findings: Mapping[str, Any]) -> dict[str, int]:
    records, unreadable = findings["records"], findings["records"]["unreadable"]["count"]
    violations = len(findings["violations"])
    return {**records, "unreadable": unreadable, "labelled_rows": findings["labelled_rows"], "violations": violations}


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], OUTPUT_DIR / "message"))
