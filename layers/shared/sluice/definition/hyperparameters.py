"""What train.py takes: names and bounds, so that a mistake is refused before any job starts."""

import difflib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["integer", "continuous"]

_MOST = 2**31 - 1
_LARGEST = 3.4028234e38
"""XGBoost holds whole numbers in 32 bits with a sign, and others as 32-bit floats."""


@dataclass(frozen=True)
class Hyperparameter:
    """low ≤ value ≤ high; above: low itself is out. words: what may stand there instead of a number."""

    kind: Kind
    low: float
    high: float
    above: bool = False
    words: tuple[str, ...] = ()

    def problem(self, value: object) -> str | None:
        """Why train.py would refuse the value; None where it takes it."""
        if isinstance(value, str) and value in self.words:
            return None
        number = _number(self.kind, value)
        if number is None or not (self.low < number if self.above else self.low <= number) or not number <= self.high:
            return f"must be {self.expected} (it is {value!r})"
        return None

    @property
    def expected(self) -> str:
        what = "a whole number" if self.kind == "integer" else "a number"
        low = f"{'above' if self.above else 'of at least'} {self.low:g}"
        high = f" and at most {self.high:.10g}" if self.high not in (_MOST, _LARGEST) else ""
        return " or ".join([f"{what} {low}{high}", *self.words])


def _integer(low: int, high: int = _MOST) -> Hyperparameter:
    return Hyperparameter("integer", low, high)


def _continuous(low: float, high: float = _LARGEST, above: bool = False) -> Hyperparameter:
    return Hyperparameter("continuous", low, high, above)


_SHARE = _continuous(0, 1, above=True)

HYPERPARAMETERS: Mapping[str, Mapping[str, Hyperparameter]] = {
    "xgboost": {
        "num_round": _integer(1),
        "max_depth": _integer(1, 30),
        "eta": _SHARE,
        "subsample": _SHARE,
        "colsample_bytree": _SHARE,
        "min_child_weight": _continuous(0),
        "gamma": _continuous(0),
        "reg_lambda": _continuous(0),
        "reg_alpha": _continuous(0),
        "max_bin": _integer(2, 65536),
        "max_cat_to_onehot": _integer(1),
        "scale_pos_weight": _continuous(0, above=True),
        "early_stopping_rounds": _integer(1),
        "seed": _integer(0),
        "nthread": _integer(1),
    },
    "sklearn-random-forest": {
        "n_estimators": _integer(1),
        "max_depth": _integer(1, 30),
        "min_samples_leaf": _integer(1),
        "max_features": Hyperparameter("continuous", 0, 1, above=True, words=("sqrt",)),
        "seed": _integer(0, 2**32 - 1),
        "nthread": _integer(1),
    },
}

SET_BY_THE_PLATFORM = {
    "algorithm": "training.algorithm",
    "class_weight": "training.class_weight",
    "monotone_constraints": "training.monotone_constraints",
    "checkpoint_rounds": "training.checkpoint_rounds",
    "memory_share": "training.memory_share",
    "decision_threshold": "evaluation.threshold",
}


def unknown_hyperparameter(algorithm: str, name: str) -> str | None:
    """What is wrong with the name; None where the algorithm has such a hyperparameter, or takes any (custom)."""
    if algorithm == "custom" or name in HYPERPARAMETERS[algorithm]:
        return None
    if name in SET_BY_THE_PLATFORM:
        return f"is set from {SET_BY_THE_PLATFORM[name]}: write it there"
    if name.startswith("sagemaker_"):
        return "is set by the workflow: remove it"
    known = HYPERPARAMETERS[algorithm]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
    return f"{algorithm} has no such hyperparameter; {hint}"


def _number(kind: Kind, value: object) -> float | None:
    """As train.py reads the value's text, and XGBoost holds it; None for what is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(str(value)) if kind == "integer" else _in_32_bits(float(value))
    except (ValueError, OverflowError):
        return None


def _in_32_bits(number: float) -> float:
    """Raises OverflowError for a number too large."""
    return float(struct.unpack("f", struct.pack("f", number))[0])
