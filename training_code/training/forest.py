"""scikit-learn's random forest behind the same contract: the model is an XGBoost Booster like any other."""

from argparse import Namespace
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from cluster.hosts import Cluster
from codec.codec import BINARY, MULTICLASS, Codec
from job import BadData
from lean_xgboost import xgboost
from training.artifact import Trained
from training.channels import Channel, Floats, open_channel
from training.forest_model import to_booster
from training.hyperparameters import BALANCED, FOREST
from training.matrices import read_arrays
from training.memory import memory_bytes
from training.objectives import OBJECTIVES, constraint_signs
from training.rounds import History
from training.thresholds import choose_threshold

_EPSILON = 1e-7


def train_forest(arguments: Namespace, codec: Codec, cluster: Cluster) -> Trained:
    _refuse(arguments, cluster)
    train, validation = (open_channel(folder, codec) for folder in (arguments.train, arguments.validation))
    _refuse_too_much(train, validation, arguments.memory_share)
    target, weight, features = read_arrays(train)
    forest = _forest(arguments, codec)
    _refuse_missing(forest, features)
    forest.fit(features, target, sample_weight=weight)
    booster = to_booster([tree.tree_ for tree in forest.estimators_], _outputs(forest, codec), codec.names)
    labels, weights, rows = read_arrays(validation)
    scores = booster.inplace_predict(rows, validate_features=False)
    history = _measured(codec, labels, scores, weights)
    print(history.line(0), flush=True)
    binary = codec.target.task == BINARY
    return Trained(
        booster=booster,
        best=0,
        evals=history.evals,
        objective=history.objective,
        threshold=choose_threshold(arguments.decision_threshold, scores, labels, weights) if binary else None,
        rows={"train": len(target), "validation": len(labels)},
        effective={},
    )


def _refuse(arguments: Namespace, cluster: Cluster) -> None:
    if cluster.size > 1:
        raise BadData(f"training.algorithm {FOREST} trains on one instance: set training.instance_count to 1.")
    if arguments.checkpoint_rounds:
        raise BadData(f"training.algorithm {FOREST} has no rounds: set training.checkpoint_rounds to 0.")


def _refuse_too_much(train: Channel, validation: Channel, share: float) -> None:
    needed, limit = train.float_bytes + validation.float_bytes, share * memory_bytes()
    if needed > limit:
        raise BadData(
            f"training.algorithm {FOREST} holds the data in memory: it takes {needed / 2**20:,.0f} MiB as numbers, and "
            f"training.memory_share {share:g} allows {limit / 2**20:,.0f} MiB. Take a larger training.instance_type, "
            "or algorithm xgboost, which trains from disk."
        )


def _refuse_missing(forest: Any, features: Floats) -> None:
    """scikit-learn fits trees with constraints to missing cells, breaks the constraints, and then does not predict."""
    if forest.monotonic_cst is not None and np.isnan(features).any():
        raise BadData(
            f"training.monotone_constraints: {FOREST} keeps them only where no cell is missing. Set "
            "data.missing.numeric to median and data.missing.categorical to level, or take algorithm xgboost."
        )


def _forest(arguments: Namespace, codec: Codec) -> Any:
    signs = constraint_signs(arguments.monotone_constraints, codec)
    if any(signs) and codec.target.task == MULTICLASS:
        raise BadData(f"training.monotone_constraints: {FOREST} knows none for more than two classes. Remove them.")
    options: dict[str, Any] = {
        "n_estimators": arguments.n_estimators,
        "max_depth": arguments.max_depth,
        "min_samples_leaf": arguments.min_samples_leaf,
        "max_features": arguments.max_features,
        "random_state": arguments.seed,
        "n_jobs": arguments.nthread,
        "monotonic_cst": signs if any(signs) else None,
    }
    if not codec.target.classes:
        return RandomForestRegressor(**options)
    balanced = BALANCED if arguments.class_weight == BALANCED else None
    return RandomForestClassifier(**options, class_weight=balanced)


def _outputs(forest: Any, codec: Codec) -> list[int]:
    """Which of a leaf's values are predicted: the mean, the positive class's share, or every class's."""
    if not codec.target.classes:
        return [0]
    for code, label in enumerate(codec.target.classes):
        if code not in forest.classes_:
            raise BadData(f"No training row is of class {label!r}: give such rows, or another split in model.yaml.")
    return [1] if codec.target.task == BINARY else list(range(len(codec.target.classes)))


def _measured(codec: Codec, labels: Floats, scores: Floats, weights: Floats | None) -> History:
    """What XGBoost reports for the task, by XGBoost itself: of a model without trees that starts from the scores."""
    objective = OBJECTIVES[codec.target.task]
    parameters: dict[str, Any] = {"objective": objective.name, "eval_metric": list(objective.metrics)}
    margins = scores
    if codec.target.classes:
        # Back from probabilities to what the objective makes probabilities of.
        inside = np.clip(scores, _EPSILON, 1 - _EPSILON)
        margins = np.log(inside / (1 - inside)) if codec.target.task == BINARY else np.log(inside)
    if codec.target.task == MULTICLASS:
        parameters["num_class"] = len(codec.target.classes)
    no_features = np.zeros((len(labels), 1), dtype=np.float32)
    matrix = xgboost.DMatrix(no_features, label=labels, weight=weights, base_margin=margins)
    history = History(objective)
    history.add(xgboost.Booster(parameters, [matrix]).eval_set([(matrix, "validation")], 0))
    return history
