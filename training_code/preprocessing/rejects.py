"""Rows that cannot be used: collected with their reasons, written to rejects.csv, too many of them an error."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from job import BadData
from preprocessing.columns import DistinctColumn
from preprocessing.raw_table import Reject


class RejectLog:
    """The rejects so far, and the mask of the table's rows that are still good."""

    def __init__(self, numbers: npt.NDArray[np.int64], malformed: Sequence[Reject]) -> None:
        self.good = np.ones(len(numbers), dtype=bool)
        self.rejects = list(malformed)
        self._numbers = numbers

    @property
    def count(self) -> int:
        """Rows, not cells: a row may be rejected for several."""
        return len({reject.row_number for reject in self.rejects})

    def add(self, name: str, column: DistinctColumn, reasons: Mapping[int, str]) -> None:
        """reasons: by position among the column's distinct values."""
        if not reasons:
            return
        bad = np.isin(column.index, list(reasons))
        for row in np.flatnonzero(bad):
            position = int(column.index[row])
            self.rejects.append(Reject(int(self._numbers[row]), name, column.values[position], reasons[position]))
        self.good &= ~bad

    def write(self, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["row_number", "column", "value", "reason"])
            for reject in sorted(self.rejects, key=lambda reject: (reject.row_number, reject.column)):
                writer.writerow([reject.row_number, reject.column, reject.value, reject.reason])

    def check(self, row_count: int, max_ratio: float) -> None:
        if self.count > max_ratio * row_count:
            raise BadData(
                f"{self.count} of {row_count} rows cannot be used ({self.count / row_count:.1%}; data.max_reject_ratio "
                f"allows {max_ratio:.1%}). {self._summary()} Correct the file, or the columns' types in model.yaml."
            )

    def _summary(self, shown: int = 3) -> str:
        """The columns with most rejects, each with its first one."""
        by_column = Counter(reject.column for reject in self.rejects)
        first = {reject.column: reject for reject in reversed(self.rejects)}
        parts = []
        for column, count in by_column.most_common(shown):
            where = f"column {column!r}" if column else "the number of cells"
            example = first[column]
            parts.append(f"{where}: {count}, the first in row {example.row_number}: {example.reason}")
        return "; ".join(parts) + "."
