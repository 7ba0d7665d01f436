"""Sums of doubles without rounding: the same whatever the order, the blocks and the hosts that the values came in.

A sum is a whole number of the smallest unit that a product of frexp's mantissas may have, 2**-1126.
"""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

_UNIT_EXPONENT = 1126
_MANTISSA_BITS = 53
_LOW_BITS = 27


def exact_sum(values: npt.NDArray[np.float64]) -> int:
    """Of finite values, at most 2**26 of them (a double counts up to 2**53, a half of a mantissa to 2**27)."""
    if not len(values):
        return 0
    mantissas, exponents = np.frexp(values)
    lowest = int(exponents.min())
    places = exponents - lowest
    # Each mantissa as two whole numbers, so that doubles can add them up exactly.
    upper = np.floor(mantissas * 2.0 ** (_MANTISSA_BITS - _LOW_BITS))
    lower = mantissas * 2.0**_MANTISSA_BITS - upper * 2.0**_LOW_BITS
    total = 0
    halves = zip(np.bincount(places, upper).tolist(), np.bincount(places, lower).tolist(), strict=True)
    for place, (high, low) in enumerate(halves):
        total += ((int(high) << _LOW_BITS) + int(low)) << (place + lowest - _MANTISSA_BITS + _UNIT_EXPONENT)
    return total


def as_float(total: int, count: int = 1) -> float:
    """The sum, or its mean over `count` values, rounded once."""
    return float(Fraction(total, count << _UNIT_EXPONENT))
