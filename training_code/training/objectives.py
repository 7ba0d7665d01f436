"""What XGBoost minimises and reports for each task, and what of a definition becomes its parameters."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codec.codec import BINARY, CATEGORICAL, MULTICLASS, REGRESSION, Codec
from job import BadData
from training.hyperparameters import DIRECTIONS, HYPERPARAMETERS


@dataclass(frozen=True)
class Objective:
    """metrics: reported each round; the last is the one that early stopping watches and that chooses the round."""

    name: str
    metrics: tuple[str, ...]
    maximize: bool = False

    @property
    def watched(self) -> str:
        return self.metrics[-1]


OBJECTIVES: Mapping[str, Objective] = {
    BINARY: Objective("binary:logistic", ("logloss", "auc"), maximize=True),
    MULTICLASS: Objective("multi:softprob", ("merror", "mlogloss")),
    REGRESSION: Objective("reg:squarederror", ("mae", "rmse")),
}

_OF_THE_LOOP = ("num_round", "early_stopping_rounds")


def xgboost_parameters(arguments: Namespace, codec: Codec) -> dict[str, Any]:
    """What goes into the Booster's parameters, but for the device."""
    objective = OBJECTIVES[codec.target.task]
    chosen = {name: getattr(arguments, name) for name in HYPERPARAMETERS if name not in _OF_THE_LOOP}
    if codec.target.task != BINARY:
        del chosen["scale_pos_weight"]
    parameters = {
        **chosen,
        "nthread": arguments.nthread,
        "objective": objective.name,
        "tree_method": "hist",
        "eval_metric": list(objective.metrics),
    }
    if codec.target.task == MULTICLASS:
        parameters["num_class"] = len(codec.target.classes)
    signs = constraint_signs(arguments.monotone_constraints, codec)
    if any(signs):
        parameters["monotone_constraints"] = f"({','.join(map(str, signs))})"
    return parameters


def constraint_signs(constraints: Mapping[str, str], codec: Codec) -> list[int]:
    """By feature: 1 where the prediction may only rise with it, -1 where it may only fall, else 0."""
    for name in constraints:
        feature = next((one for one in codec.features if one.name == name), None)
        where = f"training.monotone_constraints names {name}"
        if feature is None:
            raise BadData(f"{where}, which is no feature: the features are {', '.join(codec.names)}.")
        if feature.type == CATEGORICAL:
            raise BadData(f"{where}, which is categorical: its levels have no order. Constrain numeric features only.")
    return [DIRECTIONS.get(constraints.get(name, ""), 0) for name in codec.names]
