"""train.py's hyperparameters: names, types, defaults and bounds; a flag that is not among them is refused."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import Any

from job import Arguments, BadData

Parse = Callable[[str], Any]


def _number(parse: Parse, low: float, high: float = float("inf"), above: bool = False) -> Parse:
    """A parser that holds low ≤ value ≤ high; above: low itself is out."""

    def checked(text: str) -> Any:
        try:
            value = parse(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of type {parse.__name__}") from None
        if not (low < value if above else low <= value) or not value <= high:
            bounds = f"{'above' if above else 'at least'} {low:g}" + (
                f", at most {high:g}" if high < float("inf") else ""
            )
            raise argparse.ArgumentTypeError(f"{text} is out of bounds: {bounds}")
        return value

    return checked


# Name → parser, default. The defaults suit some thousands to some hundred thousand rows: smaller steps, shallower
# trees and fuller leaves than the library's (eta 0.3, depth 6, weight 1); early stopping ends the rounds in time.
HYPERPARAMETERS: dict[str, tuple[Parse, Any]] = {
    "num_round": (_number(int, 1), 300),
    "max_depth": (_number(int, 1, 30), 4),
    "eta": (_number(float, 0, 1, above=True), 0.1),
    "subsample": (_number(float, 0, 1, above=True), 0.8),
    "colsample_bytree": (_number(float, 0, 1, above=True), 0.8),
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


def add_hyperparameters(parser: Arguments) -> None:
    group = parser.add_argument_group("hyperparameters")
    for name, (parse, default) in HYPERPARAMETERS.items():
        group.add_argument(f"--{name}", type=parse, default=default)
    cpus = int(os.environ.get("SM_NUM_CPUS") or os.cpu_count() or 1)
    group.add_argument("--nthread", type=_number(int, 1), default=cpus)


def parse_hyperparameters(parser: Arguments, argv: Sequence[str]) -> argparse.Namespace:
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        raise BadData(
            f"train.py does not know {' '.join(unknown)}. Its hyperparameters are: "
            f"{', '.join([*HYPERPARAMETERS, 'nthread'])}. Correct training.hyperparameters in model.yaml."
        )
    return arguments


def xgboost_parameters(arguments: argparse.Namespace) -> dict[str, Any]:
    """What goes into xgboost.train's params."""
    of_the_loop = {"num_round", "early_stopping_rounds"}
    chosen = {name: getattr(arguments, name) for name in HYPERPARAMETERS if name not in of_the_loop}
    return {
        **chosen,
        "nthread": arguments.nthread,
        "objective": "binary:logistic",
        "tree_method": "hist",
        # The last metric is the one that early stopping watches.
        "eval_metric": ["logloss", "auc"],
    }
