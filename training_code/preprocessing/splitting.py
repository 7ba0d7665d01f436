"""Which split a row belongs to.

Each row has a place on a line: the hash of its key (or of its content), or its point in time. Two cuts part the line
into training, validation and test rows. A hash sees neither the row's position nor the other rows, so no key is in two
splits. By hash alone the cuts are fixed too: a row stays in its split when data is appended, and in every shard. The
cuts of the other methods depend on all rows, and move when data is appended. Stratified: they are such that each
stratum is parted in the same ratios. By time: the oldest rows train, the newest test; rows of one moment stay together.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from definition import Split
from preprocessing.row_hash import Hashes

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
# As rows hold them. A rejected row is in no split.
TRAIN_CODE, VALIDATION_CODE, TEST_CODE, REJECTED_CODE = range(4)

HASH, STRATIFIED, TIME = "hash", "stratified", "time"

SplitCodes = npt.NDArray[np.uint8]
_LAST = 2**64 - 1


@dataclass(frozen=True)
class Cuts:
    """lower[stratum]: where validation begins, upper[stratum]: where test does, on the line of 64-bit places."""

    lower: Hashes
    upper: Hashes

    def codes(self, places: Hashes, strata: npt.NDArray[np.integer[Any]] | int = 0) -> SplitCodes:
        at_least_validation = (places >= self.lower[strata]).view(np.uint8)
        return at_least_validation + (places >= self.upper[strata]).view(np.uint8)


def fixed_cuts(split: Split) -> Cuts:
    """Of hashes, which are uniform: at the ratios themselves."""
    return Cuts(_at(split.train), _at(split.train + split.validation))


def _at(ratio: float) -> Hashes:
    # The upper 53 bits of a hash, as many as a double holds, are below ratio * 2**53 or not.
    return np.array([min(math.ceil(ratio * 2**53) << 11, _LAST)], dtype=np.uint64)


def cut_ranks(rows: int, split: Split) -> tuple[int, int]:
    """How many of a stratum's rows lie below the lower and the upper cut."""
    return round(rows * split.train), round(rows * (split.train + split.validation))


def ordered_places(values: npt.NDArray[np.float64]) -> Hashes:
    """Doubles as unsigned integers in the same order."""
    bits = (values + 0.0).view(np.uint64)
    sign = np.uint64(1 << 63)
    return np.where(bits & sign, ~bits, bits | sign)


def value_at(place: int) -> float:
    """The double that has this place."""
    bits = place ^ (1 << 63) if place >> 63 else place ^ _LAST
    return float(np.array([bits], dtype=np.uint64).view(np.float64)[0])
