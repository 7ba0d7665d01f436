"""The distinct cells of a column over the whole data set, numbered as they come."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from job import BadData

# More distinct values than this identify rows; as levels of a feature they would also fill the memory.
MOST_VALUES = 200_000


class DistinctCells:
    """values[code] is the cell as it stands in the file; None is an empty one."""

    def __init__(self, name: str) -> None:
        self.values: list[str | None] = []
        self._name = name
        self._codes: dict[str | None, int] = {}

    def encode(self, index: npt.NDArray[np.int32], values: Sequence[str | None]) -> npt.NDArray[Any]:
        """The codes of one block's cells, given as positions among that block's own distinct values.

        In the narrowest unsigned type that holds them.
        """
        codes = [self._code(value) for value in values]
        return np.array(codes, dtype=np.min_scalar_type(max(codes, default=0)))[index]

    def _code(self, value: str | None) -> int:
        code = self._codes.get(value)
        if code is None:
            code = self._codes[value] = len(self.values)
            self.values.append(value)
            if code >= MOST_VALUES:
                raise BadData(
                    f"Column {self._name!r} holds more than {MOST_VALUES:,} different values: it tells rows apart "
                    "instead of grouping them. In model.yaml move it to data.drop or make it numeric, or if it is the "
                    "target set data.task to regression."
                )
        return code
