"""Rows that cannot be used: collected with their reasons, written to rejects.csv, too many of them an error."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.meeting import Meeting
from job import BadData

# A file of which most rows are bad must not fill the memory: further ones are counted, not listed.
MOST_LISTED = 10_000
SHOWN_COLUMNS = 3
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be used. row_number 1 is the first row after the header, counted over all files of a host.

    value: at most SHOWN_CHARACTERS of it are kept.
    """

    row_number: int
    column: str
    value: str
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", self.value[:SHOWN_CHARACTERS])


@dataclass
class _Column:
    """How often a column's cells were refused, and the first time."""

    cells: int
    first_row: int
    first_reason: str


class RejectLog:
    def __init__(self) -> None:
        self.rows = 0
        self._listed: list[Reject] = []
        self._columns: dict[str, _Column] = {}

    def add(self, rejects: Iterable[Reject]) -> None:
        """The cells; `rows` counts rows, because one may be refused for several of its cells."""
        for reject in rejects:
            if len(self._listed) < MOST_LISTED:
                self._listed.append(reject)
            column = self._columns.setdefault(reject.column, _Column(0, reject.row_number, reject.reason))
            column.cells += 1

    def add_unlisted(self, column: str, cells: int) -> None:
        """Further cells of a column that has rejects already."""
        if cells:
            self._columns[column].cells += cells

    def write(self, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["row_number", "column", "value", "reason"])
            for reject in sorted(self._listed, key=lambda reject: (reject.row_number, reject.column)):
                writer.writerow([reject.row_number, reject.column, reject.value, reject.reason])

    def summary(self) -> dict[str, Any]:
        columns = {name: [c.cells, c.first_row, c.first_reason] for name, c in self._columns.items()}
        return {"rows": self.rows, "columns": columns}


def check_rejects(log: RejectLog, row_count: int, max_ratio: float, hosts: Sequence[str], meeting: Meeting) -> int:
    """The number of rejected rows on all hosts; BadData where they are more than the definition allows.

    row_count: on this host. The examples are the first host's that has any.
    """
    mine = json.dumps({**log.summary(), "row_count": row_count}).encode()
    all_hosts = [json.loads(answer) for answer in meeting.gather(mine)]
    rejected, total = (sum(host[name] for host in all_hosts) for name in ("rows", "row_count"))
    if rejected > max_ratio * total:
        raise BadData(
            f"{rejected} of {total} rows cannot be used ({rejected / total:.1%}; data.max_reject_ratio "
            f"allows {max_ratio:.1%}). {_worst_columns(all_hosts, hosts)} Correct the file, or the columns' types in "
            "model.yaml."
        )
    return rejected


def _worst_columns(all_hosts: Sequence[Mapping[str, Any]], hosts: Sequence[str]) -> str:
    """The columns with most rejects, each with its first one."""
    found: dict[str, tuple[int, str]] = {}
    for host, answer in zip(hosts, all_hosts, strict=True):
        where = f" of {host}" if len(hosts) > 1 else ""
        for name, (cells, row, reason) in answer["columns"].items():
            before, example = found.get(name, (0, f"the first in row {row}{where}: {reason}"))
            found[name] = (before + cells, example)
    worst = sorted(found.items(), key=lambda entry: -entry[1][0])[:SHOWN_COLUMNS]
    parts = []
    for name, (cells, example) in worst:
        where = f"column {name!r}" if name else "the number of cells"
        parts.append(f"{where}: {cells}, {example}")
    return "; ".join(parts) + "."
