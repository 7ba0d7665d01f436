"""Rows of a CSV file with too few or too many cells: kept between the reader, which meets them, and their batch."""

from array import array

import numpy as np
import numpy.typing as npt

from preprocessing.rejects import MOST_LISTED, Reject

Numbers = npt.NDArray[np.int64]


class MalformedRows:
    """The reader may meet a whole file of them before its next batch: of most only the number is kept."""

    def __init__(self, first: int) -> None:
        """first: the number of the file's first row."""
        self._before = first - 1
        self._numbers = array("q")
        self._listed: list[Reject] = []
        self._to_list = MOST_LISTED

    def add(self, number: int, text: str, reason: str) -> None:
        """number: in the file."""
        self._numbers.append(self._before + number)
        if self._to_list:
            self._to_list -= 1
            self._listed.append(Reject(self._before + number, "", text, reason))

    def take_before(self, end: int) -> tuple[Numbers, tuple[Reject, ...]]:
        """Those before the row `end`, which each of them moves one further: the reader is ahead of its batches."""
        count = 0
        while count < len(self._numbers) and self._numbers[count] < end + count:
            count += 1
        return self._take(count)

    def take_all(self) -> tuple[Numbers, tuple[Reject, ...]]:
        return self._take(len(self._numbers))

    def _take(self, count: int) -> tuple[Numbers, tuple[Reject, ...]]:
        numbers, listed = np.array(memoryview(self._numbers)[:count]), tuple(self._listed[:count])
        del self._numbers[:count]
        del self._listed[:count]
        return numbers, listed
