"""What is known of the data that the model learned from: this run's, the previous run's and the champion's."""

import csv
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.drift import drift_document
from evaluation.optional_files import leave_out, object_if_whole, read_object
from job import BadData

# Of rejects.csv, for the report.
SHOWN_REJECTS = 20

Document = Mapping[str, Any]


@dataclass(frozen=True)
class RunData:
    """counts, previous: of counts.json, this run's and the last one's. statistics: this run's baseline.

    Each is None where it is not there, or broken.
    """

    counts: Document | None = None
    previous: Document | None = None
    previous_run_id: str = ""
    statistics: Document | None = None
    drift: Document | None = None
    rejects: tuple[dict[str, str], ...] = ()
    tuning: Document | None = None

    def to_json(self) -> dict[str, Any]:
        """For evaluation.json."""
        previous = None if self.previous is None else {"run_id": self.previous_run_id or None, "counts": self.previous}
        return {"counts": self.counts, "previous": previous, "drift": self.drift}


def read_run_data(arguments: Namespace, training: Document) -> RunData:
    """training: training.json, which has this run's counts as well."""
    learned_from = training.get("counts")
    known = learned_from if isinstance(learned_from, dict) else None
    return RunData(
        counts=object_if_whole(arguments.codec, "counts.json") or known,
        previous=object_if_whole(arguments.previous, "counts.json"),
        previous_run_id=arguments.previous_run_id,
        statistics=object_if_whole(arguments.baseline, "statistics.json"),
        drift=_drift(arguments.baseline, arguments.champion_baseline),
        rejects=tuple(_rejects(arguments.codec)),
        tuning=object_if_whole(arguments.tuning, "tuning.json"),
    )


def _drift(mine: Path, champions: Path) -> dict[str, Any] | None:
    try:
        ours, theirs = _baseline(mine), _baseline(champions)
    except BadData as error:
        return {"error": str(error)}
    if theirs is None:
        return None
    if ours is None:
        return {"error": f"{mine.name}/statistics.json is not there."}
    return drift_document(ours, theirs)


def _baseline(folder: Path) -> Document | None:
    """The finer of the two documents; runs before production was monitored have one."""
    return read_object(folder, "reference.json") or read_object(folder, "statistics.json")


def _rejects(folder: Path) -> list[dict[str, str]]:
    """The first rows that could not be used; of several hosts, those of the first that has any."""
    shown: list[dict[str, str]] = []
    for file in sorted(folder.glob("rejects*.csv")):
        try:
            with file.open(newline="", encoding="utf-8") as stream:
                for row, _ in zip(csv.DictReader(stream), range(SHOWN_REJECTS - len(shown)), strict=False):
                    shown.append(_reject(row))
        except (OSError, ValueError, KeyError, csv.Error) as error:
            leave_out(f"{folder.name}/{file.name} cannot be read: {type(error).__name__} {error}.")
    return shown


def _reject(row: Mapping[str, str]) -> dict[str, str]:
    column = f", column {row['column']}" if row["column"] else ""
    return {"where": f"row {row['row_number']}{column}", "reason": row["reason"] or ""}
