"""The scores of the rows themselves: predictions.csv, and golden.json, which an endpoint must answer alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from codec.codec import MULTICLASS, REGRESSION
from evaluation.multiclass import Multiclass
from evaluation.scoring import ScoredHoldout


def write_predictions(path: Path, holdout: ScoredHoldout) -> None:
    """A line for each row of the holdout, in its order.

    binary: label (0, 1), score, champion_score. regression: label, prediction, champion_score. multiclass, by the
    classes' names: label, predicted, a column probability_<class> for each class, champion_predicted.
    """
    target, live = holdout.target, holdout.theirs
    if target.task == MULTICLASS:
        columns = {
            "label": _names(target.classes, holdout.labels),
            "predicted": _names(target.classes, holdout.scores.argmax(axis=1)),
            **{f"probability_{name}": _floats(holdout.scores[:, code]) for code, name in enumerate(target.classes)},
        }
        if live and isinstance(live.task, Multiclass):
            columns["champion_predicted"] = _names(live.task.classes, live.scores.argmax(axis=1))
    else:
        number = target.task == REGRESSION
        columns = {
            "label": _floats(holdout.labels) if number else pa.array(holdout.labels.astype(np.int64)),
            "prediction" if number else "score": _floats(holdout.scores),
        }
        if live:
            columns["champion_score"] = _floats(live.scores)
    table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    pyarrow.csv.write_csv(table, str(path))


def _floats(values: Any) -> pa.Array:
    """Written with 64 bits, so that reading them gives the 32-bit score exactly."""
    return pa.array(values.astype(np.float64))


def _names(classes: tuple[str, ...], codes: Any) -> pa.Array:
    return pa.array(classes, pa.string()).take(pa.array(codes.astype(np.int64)))


def golden_document(holdout: ScoredHoldout) -> dict[str, Any]:
    """Raw records and the scores that an endpoint of this model must give them."""
    scores = holdout.scores[: len(holdout.records)].tolist()
    return {"content_type": "application/json", "records": holdout.records, "scores": scores}
