"""Scores the test split with the new model, and with the champion where there is one.

On a laptop, after train.py:

    python training_code/evaluate.py --holdout out/holdout --model model --definition definition.json --output out

--model and --champion take a folder that holds model.tar.gz, or the unpacked artifact. Output:
evaluation/{evaluation.json,predictions.csv,golden.json} and report/report.html.
"""

import csv
import json
import os
import sys
import tarfile
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codec.codec import Codec
from definition import read_definition
from evaluation import binary as metrics
from evaluation import report
from job import OUTPUT_DIR, Arguments, BadData, run
from preprocessing.raw_files import data_files
from serving.artifact import THRESHOLD, Artifact, Scores, load_artifact, rows_of_table, score_rows

PROCESSING = Path("/opt/ml/processing")
GOLDEN_RECORDS = 100


@dataclass(frozen=True)
class Holdout:
    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Champion:
    """The model that is live: its scores on the holdout, or why there are none."""

    package_arn: str
    scores: Scores | None = None
    error: str | None = None


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
    challenger = _open_artifact(arguments.model)
    holdout = read_holdout(arguments.holdout)
    labels = _labels(challenger.codec, holdout)
    scores = _score(challenger, holdout)
    champion = _score_champion(arguments, holdout)

    evaluation = _evaluation(labels, scores, champion, arguments.seed)
    page = report.render(definition.name, evaluation, challenger.training, _importances(challenger))

    folder = arguments.output / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "evaluation.json", evaluation)
    _write_predictions(folder / "predictions.csv", labels, scores, champion)
    _write_json(folder / "golden.json", _golden(challenger.codec, holdout, scores))
    (arguments.output / "report").mkdir(parents=True, exist_ok=True)
    (arguments.output / "report" / "report.html").write_text(page, encoding="utf-8")
    print(json.dumps({name: evaluation["binary_classification_metrics"][name]["value"] for name in metrics.NAMES}))


def _open_artifact(folder: Path) -> Artifact:
    """BadData where there is no artifact, or not one of ours."""
    try:
        archive = next(iter(sorted(folder.rglob("model.tar.gz"))), None)
        if archive is None:
            return load_artifact(folder)
        with tempfile.TemporaryDirectory() as unpacked:
            with tarfile.open(archive) as tar:
                tar.extractall(unpacked, filter="data")
            return load_artifact(Path(unpacked))
    except (OSError, tarfile.TarError, ValueError, KeyError) as error:
        # xgboost's own errors are ValueErrors; a codec of another format lacks keys.
        raise BadData(f"The model artifact in {folder} cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def read_holdout(folder: Path) -> Holdout:
    rows: list[list[str]] = []
    header: list[str] = []
    for file in data_files(folder):
        with file.open(newline="", encoding="utf-8") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            rows += list(reader)
    if not rows:
        raise BadData(f"The holdout in {folder} has no rows: preprocess.py writes it.")
    return Holdout(header, rows)


def _labels(codec: Codec, holdout: Holdout) -> list[int]:
    if codec.target.name not in holdout.header:
        raise BadData(
            f"The holdout lacks the target column {codec.target.name!r}: give the one that preprocess.py wrote."
        )
    at = holdout.header.index(codec.target.name)
    labels = []
    for number, row in enumerate(holdout.rows, start=1):
        label = codec.target.value(row[at])
        if label is None:
            raise BadData(
                f"Holdout row {number}, column {codec.target.name!r}: {row[at]!r} is neither {codec.target.classes[1]!r} "
                f"nor {codec.target.classes[0]!r}. Model and holdout are of different runs."
            )
        labels.append(int(label))
    return labels


def _score(artifact: Artifact, holdout: Holdout) -> Scores:
    absent = [name for name in artifact.codec.names if name not in holdout.header]
    if absent:
        raise BadData(f"The model needs the column {', '.join(absent)}, which the holdout lacks.")
    try:
        return score_rows(artifact, rows_of_table(artifact.codec, holdout.header, holdout.rows))
    except ValueError as error:
        raise BadData(f"The model cannot score the holdout: {_first_line(error)}.") from error


def _score_champion(arguments: Namespace, holdout: Holdout) -> Champion | None:
    """None without a champion. One that cannot be scored does not stop the challenger: the gate sees the error."""
    if not arguments.champion.is_dir() or not any(arguments.champion.iterdir()):
        return None
    try:
        scores = _score(_open_artifact(arguments.champion), holdout)
    except BadData as error:
        return Champion(arguments.champion_package_arn, error=str(error))
    return Champion(arguments.champion_package_arn, scores=scores)


def _evaluation(labels: Sequence[int], scores: Scores, champion: Champion | None, seed: int) -> dict[str, Any]:
    ranking = metrics.rank(labels, scores, THRESHOLD)
    return {
        "binary_classification_metrics": {
            **metrics.with_deviations(ranking, seed),
            "confusion_matrix": metrics.confusion_matrix(ranking),
            "receiver_operating_characteristic_curve": metrics.roc_curve(ranking),
        },
        "dataset": {"item_count": len(labels), "positive_count": sum(labels)},
        "threshold": THRESHOLD,
        "champion": _champion_document(labels, champion, seed) if champion else None,
    }


def _champion_document(labels: Sequence[int], champion: Champion, seed: int) -> dict[str, Any]:
    if champion.scores is None:
        return {"package_arn": champion.package_arn, "error": champion.error}
    ranking = metrics.rank(labels, champion.scores, THRESHOLD)
    chosen = {**metrics.with_deviations(ranking, seed), "confusion_matrix": metrics.confusion_matrix(ranking)}
    return {"package_arn": champion.package_arn, "binary_classification_metrics": chosen}


def _importances(artifact: Artifact) -> dict[str, float]:
    return {name: float(gain) for name, gain in artifact.booster.get_score(importance_type="gain").items()}


def _write_predictions(path: Path, labels: Sequence[int], scores: Scores, champion: Champion | None) -> None:
    columns: dict[str, Sequence[Any]] = {"label": labels, "score": scores.tolist()}
    if champion and champion.scores is not None:
        columns["champion_score"] = champion.scores.tolist()
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _golden(codec: Codec, holdout: Holdout, scores: Scores) -> dict[str, Any]:
    """Raw records and the scores that an endpoint of this model must give them."""
    records = [dict(zip(holdout.header, row, strict=True)) for row in holdout.rows[:GOLDEN_RECORDS]]
    for record in records:
        del record[codec.target.name]
    return {"content_type": "application/json", "records": records, "scores": scores[: len(records)].tolist()}


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], OUTPUT_DIR / "message"))
