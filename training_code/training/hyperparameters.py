"""train.py's hyperparameters: names, types, defaults and bounds; a flag that is not among them is refused.

Each algorithm has its own, which a definition may set; PLATFORM are those that the platform derives from it.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from job import Arguments, BadData

Parse = Callable[[str], Any]

XGBOOST, FOREST = "xgboost", "sklearn-random-forest"
BALANCED = "balanced"
BEST_F1, COST = "best-f1", "cost"
DIRECTIONS = {"increasing": 1, "decreasing": -1}


# XGBoost holds whole numbers in 32 bits with a sign, and others as 32-bit floats.
_MOST, _LARGEST = 2**31 - 1, float(np.finfo(np.float32).max)


def _in_32_bits(value: float) -> float:
    """Infinite where it is too large for that."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _number(parse: Parse, low: float, high: float | None = None, above: bool = False, below: bool = False) -> Parse:
    """A parser that holds low ≤ value ≤ high, as 32 bits hold it; above: low itself is out; below: high itself is."""
    high = (_MOST if parse is int else _LARGEST) if high is None else high

    def checked(text: str) -> Any:
        try:
            value = parse(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of type {parse.__name__}") from None
        held = value if parse is int else _in_32_bits(value)
        if not (low < held if above else low <= held) or not (held < high if below else held <= high):
            bounds = f"{'above' if above else 'at least'} {low:g}, {'below' if below else 'at most'} {high:.10g}"
            raise argparse.ArgumentTypeError(f"{text} is out of bounds: {bounds}")
        return value

    return checked


def _one_of(*choices: str) -> Parse:
    def checked(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(choices)}")
        return text

    return checked


_share = _number(float, 0, 1, above=True)


def _max_features(text: str) -> str | float:
    """Of how many features a split is the best: their square root, or a share of them."""
    return text if text == "sqrt" else float(_share(text))


def _constraints(text: str) -> dict[str, str]:
    try:
        constraints = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {error}") from None
    if not isinstance(constraints, dict) or any(value not in DIRECTIONS for value in constraints.values()):
        raise argparse.ArgumentTypeError(f"{text} is not an object of features that are {' or '.join(DIRECTIONS)}")
    return constraints


def _decision_threshold(text: str) -> str | float:
    """best-f1, cost:<what a missed positive costs, in false alarms>, or the threshold itself."""
    kind, _, ratio = text.partition(":")
    if kind == COST:
        return f"{COST}:{_number(float, 0, above=True)(ratio):g}"
    return BEST_F1 if text == BEST_F1 else float(_number(float, 0, 1, above=True, below=True)(text))


Hyperparameters = Mapping[str, tuple[Parse, Any]]

# Name → parser, default. The defaults suit some thousands to some hundred thousand rows: smaller steps, shallower
# trees and fuller leaves than the library's (eta 0.3, depth 6, weight 1); early stopping ends the rounds in time.
HYPERPARAMETERS: Hyperparameters = {
    "num_round": (_number(int, 1), 300),
    "max_depth": (_number(int, 1, 30), 4),
    "eta": (_share, 0.1),
    "subsample": (_share, 0.8),
    "colsample_bytree": (_share, 0.8),
    "min_child_weight": (_number(float, 0), 5.0),
    "gamma": (_number(float, 0), 0.0),
    "reg_lambda": (_number(float, 0), 1.0),
    "reg_alpha": (_number(float, 0), 0.0),
    "max_bin": (_number(int, 2, 65536), 256),
    "max_cat_to_onehot": (_number(int, 1), 16),
    "scale_pos_weight": (_number(float, 0, above=True), 1.0),
    "early_stopping_rounds": (_number(int, 1), 30),
    "seed": (_number(int, 0), 42),
}

# Trees of a bounded depth: without one, a forest on some hundred thousand rows is a model of gigabytes.
FOREST_HYPERPARAMETERS: Hyperparameters = {
    "n_estimators": (_number(int, 1), 200),
    "max_depth": (_number(int, 1, 30), 12),
    "min_samples_leaf": (_number(int, 1), 5),
    "max_features": (_max_features, "sqrt"),
    "seed": (_number(int, 0, 2**32 - 1), 42),
}

PLATFORM: Hyperparameters = {
    "class_weight": (_one_of("none", BALANCED), "none"),
    "monotone_constraints": (_constraints, "{}"),
    "checkpoint_rounds": (_number(int, 0), 0),
    "memory_share": (_share, 0.6),
    "decision_threshold": (_decision_threshold, BEST_F1),
}

ALGORITHMS: Mapping[str, Hyperparameters] = {XGBOOST: HYPERPARAMETERS, FOREST: FOREST_HYPERPARAMETERS}


def parse_hyperparameters(parser: Arguments, argv: Sequence[str]) -> argparse.Namespace:
    """The parser's own arguments, and the hyperparameters of the algorithm that they name."""
    parser.add_argument("--algorithm", type=_one_of(*ALGORITHMS), default=XGBOOST)
    if {"-h", "--help"} & set(argv):
        _add(parser, XGBOOST)
        parser.parse_args(argv)
    algorithm = parser.parse_known_args(argv)[0].algorithm
    _add(parser, algorithm)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        raise BadData(
            f"train.py does not know {' '.join(unknown)}. Its hyperparameters are: "
            f"{', '.join([*ALGORITHMS[algorithm], 'nthread'])}. Correct training.hyperparameters in model.yaml."
        )
    return arguments


def _add(parser: Arguments, algorithm: str) -> None:
    for title, hyperparameters in ((f"hyperparameters of {algorithm}", ALGORITHMS[algorithm]), ("platform", PLATFORM)):
        group = parser.add_argument_group(title)
        for name, (parse, default) in hyperparameters.items():
            group.add_argument(f"--{name}", type=parse, default=default)
    cpus = int(os.environ.get("SM_NUM_CPUS") or os.cpu_count() or 1)
    parser.add_argument("--nthread", type=_number(int, 1), default=cpus)


def chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the model's properties depend on: the algorithm's hyperparameters and the platform's, by name."""
    names = ("algorithm", *ALGORITHMS[arguments.algorithm], *PLATFORM)
    return {name: getattr(arguments, name) for name in names}
