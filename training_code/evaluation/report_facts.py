"""All that the report shows and evaluate.py knows, as one JSON object for its page.

Numbers of which there are many have six digits: no chart shows more, and the page stays small.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import BINARY, MULTICLASS, NUMERIC
from evaluation.feature_summary import feature_summaries
from evaluation.importance import mean_contributions
from evaluation.run_data import RunData
from evaluation.score_charts import champion_curves, score_facts, threshold_facts
from evaluation.scoring import ScoredHoldout

SHOWN_FEATURES, SHOWN_POINTS = 15, 300
SHOWN_ROUNDS = 300

Matrix = npt.NDArray[np.float32]


def report_facts(
    title: str,
    evaluation: Mapping[str, Any],
    holdout: ScoredHoldout,
    contributed: Matrix,
    run_data: RunData,
    seed: int,
) -> dict[str, Any]:
    """evaluation: evaluation.json. contributed: SHAP values of the holdout's first sampled rows."""
    target, training = holdout.target, holdout.challenger.training
    models = (holdout.labels, holdout.ours, holdout.theirs)
    return {
        "title": title,
        "task": target.task,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "classes": list(target.classes) or None,
        "positive_label": target.classes[1] if target.task == BINARY else None,
        "evaluation": evaluation,
        "scores": rounded(score_facts(target, *models, seed)),
        "thresholds": threshold_facts(*models),
        "champion_curves": rounded(champion_curves(holdout.labels, holdout.theirs)),
        "shap": rounded(shap_facts(holdout, contributed)),
        "learning": rounded(learning_facts(training)),
        "hyperparameters": training.get("hyperparameters") or {},
        "data": {"features": rounded(feature_summaries(run_data.statistics, run_data.drift))},
        "rejects": list(run_data.rejects),
        "tuning": run_data.tuning,
    }


def shap_facts(holdout: ScoredHoldout, contributed: Matrix) -> dict[str, Any] | None:
    """The features that move the score most. points: [SHAP value, where the feature's value lies] of some rows.

    Of several classes it is the score of the class that the model puts first.
    """
    if not contributed.size:
        return None
    means, features = mean_contributions(contributed), holdout.challenger.codec.features
    rows = holdout.sample[: len(contributed)][:SHOWN_POINTS]
    effects = _of_the_first_class(contributed)[:SHOWN_POINTS] if holdout.target.task == MULTICLASS else contributed
    shown = np.argsort(-means, kind="stable")[:SHOWN_FEATURES]
    return {
        "features": [
            {
                "feature": features[place].name,
                "type": features[place].type,
                "mean_abs": float(means[place]),
                "points": _points(effects[:SHOWN_POINTS, place], rows[:, place], features[place].type == NUMERIC),
            }
            for place in shown
        ]
    }


def _of_the_first_class(contributed: Matrix) -> Matrix:
    """(rows, classes, features) → (rows, features)."""
    first = contributed.sum(axis=2).argmax(axis=1)
    chosen: Matrix = contributed[np.arange(len(contributed)), first]
    return chosen


def _points(effects: Matrix, values: Matrix, ordered: bool) -> list[list[float | None]]:
    """Where a value lies: 0 for the lowest, 1 for the highest twentieth of the rows' values and what is beyond them;
    None for a missing one and for a category, whose code has no order."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not ordered or not len(known):
        return [[effect, None] for effect in effects.tolist()]
    low, high = np.quantile(known, (0.05, 0.95))
    places = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    return [
        [effect, None if np.isnan(place) else place]
        for effect, place in zip(effects.tolist(), places.tolist(), strict=True)
    ]


def learning_facts(training: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics of each round; of many rounds some, both ends among them."""
    evals: Mapping[str, Mapping[str, Sequence[float]]] = training.get("evals") or {}
    series = {f"{data}-{metric}": values for data, metrics in evals.items() for metric, values in metrics.items()}
    count = min(map(len, series.values()), default=0)
    rounds = np.unique(np.linspace(0, count - 1, min(SHOWN_ROUNDS, count)).round().astype(int)).tolist()
    thinned = {name: [values[number] for number in rounds] for name, values in series.items()}
    return {"evals": {"rounds": rounds, "series": thinned}, "best_iteration": training.get("best_iteration")}


def rounded(part: Any) -> Any:
    """Every float in it to six digits; None where it is not a number."""
    if isinstance(part, float):
        return float(f"{part:.6g}") if np.isfinite(part) else None
    if isinstance(part, Mapping):
        return {name: rounded(value) for name, value in part.items()}
    return [rounded(value) for value in part] if isinstance(part, list | tuple) else part
