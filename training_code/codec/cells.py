"""What one raw cell means: a text, a number, or nothing."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

# XGBoost holds features as 32-bit floats: what is larger would become infinite.
LARGEST_NUMBER = float(np.finfo(np.float32).max)


class CellError(ValueError):
    """A cell cannot be encoded; the message says why, without where."""


def cell_text(value: Any) -> str:
    """A cell as a CSV file would hold it, trimmed: JSON's 0, 0.0 and "0" are one level. Missing is empty."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    raise CellError(f"a {type(value).__name__} is not a single value")


def parse_number(value: Any, missing_values: frozenset[str]) -> float:
    """NaN for a missing cell. Raises CellError for what is not a number, or not one that the model can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = cell_text(value)
        if not text or text in missing_values:
            return math.nan
        number = _float(text)
    else:
        number = _float(value)
        if math.isnan(number):
            return math.nan
    # Also true for the words "nan" and "inf", which float() takes for numbers.
    if not abs(number) <= LARGEST_NUMBER:
        raise CellError(f"{_shown(value)} is not a finite number of at most 3.4e38")
    return number


def any_is_a_number(texts: Iterable[str]) -> bool:
    """Of a list of missing values such as ["-999"]: then not every text that float() reads is a number."""
    return any(_is_a_number(text) for text in texts)


def _is_a_number(text: str) -> bool:
    try:
        return bool(text) and parse_number(text, frozenset()) is not None
    except CellError:
        return False


def _float(value: Any) -> float:
    try:
        # float() takes "1_000" for a number; no CSV writer means that.
        if isinstance(value, str) and "_" in value:
            raise ValueError
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:
        raise CellError(f"{_shown(value)} is not a number") from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
