"""What a check of production compares with, of the test split: evaluation/reference.json and quality_constraints.json.

The latter is in the form of Model Monitor's model quality constraints (SageMaker Developer Guide, "Create a model
quality baseline"), of the metrics that it knows: what each must reach, or may not exceed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import BINARY, MULTICLASS, REGRESSION, Codec, Floats
from evaluation.artifacts import threshold_of
from evaluation.documents import write_json
from evaluation.importance import mean_contributions
from evaluation.scoring import ScoredHoldout
from evaluation.slices import Part
from monitoring.bins import FORMAT_VERSION, MOST_EDGES, Document, level_document, number_counts, number_document
from monitoring.distributions import LevelCounts

SCORE = "score"
"""The name of the only output of a model that has one."""

BELOW, ABOVE = "LessThanThreshold", "GreaterThanThreshold"
_CONSTRAINTS = {
    BINARY: ("binary_classification_constraints", ("accuracy", "precision", "recall", "f1", "auc")),
    MULTICLASS: (
        "multiclass_classification_constraints",
        ("accuracy", "weighted_precision", "weighted_recall", "weighted_f1"),
    ),
    REGRESSION: ("regression_constraints", ("mae", "mse", "rmse", "r2")),
}
_ERRORS = ("mae", "mse", "rmse")
"""The less, the better; in the target's unit, so that a loss is a share of them."""

Matrix = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]


def write_reference(
    folder: Path, holdout: ScoredHoldout, evaluation: Mapping[str, Any], contributed: Matrix, max_loss: float
) -> None:
    """evaluation: evaluation.json. contributed: SHAP values of sampled rows. max_loss: see quality_constraints."""
    measured = evaluation[holdout.ours.task.key]
    write_json(folder / "reference.json", reference_document(holdout, measured, contributed), indent=None)
    write_json(folder / "quality_constraints.json", quality_constraints(holdout.target.task, measured, max_loss))


def reference_document(holdout: ScoredHoldout, measured: Mapping[str, Any], contributed: Matrix) -> Document:
    """measured: the metrics, as evaluation.json has them."""
    target, predicted = holdout.target, predicted_codes(holdout)
    document: Document = {
        "format_version": FORMAT_VERSION,
        "task": target.task,
        "rows": len(holdout.labels),
        "threshold": threshold_of(holdout.challenger),
        "positive_label": target.classes[1] if target.task == BINARY else None,
        "outputs": _outputs(holdout),
    }
    if predicted is not None:
        counts = np.bincount(predicted, minlength=len(target.classes)).tolist()
        labels = LevelCounts(dict(zip(target.classes, counts, strict=True)), missing=0)
        document["labels"] = {"counts": level_document(labels)["counts"]}
    return {
        **document,
        "metrics": {
            name: {"value": measured[name]["value"], "deviation": measured[name]["standard_deviation"]}
            for name in holdout.ours.task.names
        },
        "slices": [
            {"column": column, **_slice(part, holdout.labels, predicted if target.task == BINARY else None)}
            for column, values in holdout.slices.items()
            for part in values.parts()
            if part.rows.any()
        ],
        "attributions": attributions(holdout.challenger.codec, contributed),
    }


def predicted_codes(holdout: ScoredHoldout) -> Codes | None:
    """Of the classes that the model answers; None of a number."""
    threshold = threshold_of(holdout.challenger)
    if threshold is not None:
        return (holdout.scores >= threshold).astype(np.int64)
    return holdout.scores.argmax(axis=1) if holdout.target.task == MULTICLASS else None


def _outputs(holdout: ScoredHoldout) -> dict[str, Document]:
    if holdout.target.task != MULTICLASS:
        return {SCORE: number_document(number_counts(holdout.scores))}
    # Of hundreds of classes fewer edges each: the file stays small.
    edges = min(MOST_EDGES, max(20, 10_000 // len(holdout.target.classes)))
    return {
        label: number_document(number_counts(holdout.scores[:, code], edges))
        for code, label in enumerate(holdout.target.classes)
    }


def _slice(part: Part, labels: Floats, selected: Codes | None) -> Document:
    """selected: 1 where the row is called positive; None where no class is."""
    document = {"value": part.value, "kind": part.kind, "rows": int(np.count_nonzero(part.rows))}
    if selected is None:
        return document
    called, positive = selected[part.rows] == 1, labels[part.rows] == 1
    return {
        **document,
        "selected": int(np.count_nonzero(called)),
        "positives": int(np.count_nonzero(positive)),
        "true_positives": int(np.count_nonzero(called & positive)),
        "false_positives": int(np.count_nonzero(called & ~positive)),
    }


def attributions(codec: Codec, contributed: Matrix) -> dict[str, Document]:
    """By feature the mean of the absolute SHAP values, and of the values; of several classes the latter is null."""
    absolute = mean_contributions(contributed).tolist()
    signed = contributed.mean(axis=0, dtype=np.float64).tolist() if contributed.ndim == 2 else [None] * len(absolute)
    pairs = zip(codec.names, absolute, signed, strict=True)
    return {name: {"absolute": size, "mean": mean} for name, size, mean in pairs}


def quality_constraints(task: str, measured: Mapping[str, Any], max_loss: float) -> Document:
    """max_loss: in the metric's unit; of errors a share of their value on the test split."""
    key, names = _CONSTRAINTS[task]
    values = {name: measured[name]["value"] for name in names}
    return {"version": 0.0, key: {name: _bound(name, v, max_loss) for name, v in values.items() if v is not None}}


def _bound(name: str, value: float, max_loss: float) -> Document:
    if name in _ERRORS:
        return {"threshold": value * (1 + max_loss), "comparison_operator": ABOVE}
    return {"threshold": value - max_loss, "comparison_operator": BELOW}
