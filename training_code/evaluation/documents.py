"""What a run's evaluation leaves: evaluation.json, predictions.csv, golden.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from codec.codec import BINARY, MULTICLASS, REGRESSION, Floats, Target
from evaluation.artifacts import common_classes, task_of, threshold_of
from evaluation.bootstrap import Bootstrap
from evaluation.scoring import Champion, ScoredHoldout
from evaluation.slices import slice_documents
from serving.artifact import Artifact


def evaluation_document(
    challenger: Artifact, holdout: ScoredHoldout, champion: Champion | None, bootstrap: Bootstrap
) -> dict[str, Any]:
    target = challenger.codec.target
    task = task_of(challenger, target.classes)
    dataset = {"item_count": len(holdout.labels)}
    if target.task == BINARY:
        dataset["positive_count"] = int(holdout.labels.sum())
    return {
        "task": target.task,
        task.key: task.document(holdout.labels, holdout.scores, bootstrap, curves=True),
        "dataset": dataset,
        "threshold": threshold_of(challenger),
        "slices": slice_documents(holdout.slices, task, holdout.labels, holdout.scores, bootstrap),
        "champion": _champion_document(champion, target, holdout.labels, bootstrap) if champion else None,
    }


def _champion_document(champion: Champion, target: Target, labels: Floats, bootstrap: Bootstrap) -> dict[str, Any]:
    if champion.scorer is None:
        return {"package_arn": champion.package_arn, "error": champion.error}
    artifact = champion.scorer.artifact
    task = task_of(artifact, common_classes(target, artifact.codec.target))
    return {
        "package_arn": champion.package_arn,
        "threshold": threshold_of(artifact),
        task.key: task.document(labels, champion.scores_for(target), bootstrap, curves=False),
    }


def main_metrics(evaluation: Mapping[str, Any], names: tuple[str, ...], key: str) -> dict[str, float | None]:
    return {name: evaluation[key][name]["value"] for name in names}


def write_predictions(path: Path, target: Target, holdout: ScoredHoldout, champion: Champion | None) -> None:
    """A line for each row of the holdout, in its order.

    binary: label (0, 1), score, champion_score. regression: label, prediction, champion_score. multiclass, by the
    classes' names: label, predicted, a column probability_<class> for each class, champion_predicted.
    """
    live = champion.scores_for(target) if champion and champion.scorer else None
    if target.task == MULTICLASS:
        columns = {
            "label": _names(target.classes, holdout.labels),
            "predicted": _names(target.classes, holdout.scores.argmax(axis=1)),
            **{f"probability_{name}": _floats(holdout.scores[:, code]) for code, name in enumerate(target.classes)},
        }
        if champion and champion.scorer and live is not None:
            classes = common_classes(target, champion.scorer.artifact.codec.target)
            columns["champion_predicted"] = _names(classes, live.argmax(axis=1))
    else:
        number = target.task == REGRESSION
        columns = {
            "label": _floats(holdout.labels) if number else _integers(holdout.labels),
            "prediction" if number else "score": _floats(holdout.scores),
        }
        if live is not None:
            columns["champion_score"] = _floats(live)
    table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    pyarrow.csv.write_csv(table, str(path))


def _floats(values: Any) -> pa.Array:
    """Written with 64 bits, so that reading them gives the 32-bit score exactly."""
    # Not pa.array(values), which imports pandas.
    return pa.Array.from_buffers(pa.float64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values, "<f8"))])


def _integers(values: Any) -> pa.Array:
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values, "<i8"))])


def _names(classes: tuple[str, ...], codes: Any) -> pa.Array:
    return pa.array(classes, pa.string()).take(_integers(codes))


def golden_document(holdout: ScoredHoldout) -> dict[str, Any]:
    """Raw records and the scores that an endpoint of this model must give them."""
    scores = holdout.scores[: len(holdout.records)].tolist()
    return {"content_type": "application/json", "records": holdout.records, "scores": scores}


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
