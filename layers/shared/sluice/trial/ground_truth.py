"""What really happened: a line of ground truth, in each of the two forms that `docs/monitoring.md` tells.

JSON Lines are Model Monitor's (SageMaker Developer Guide, "Ingest ground truth labels"): a request of several rows has
as many lines of data. CSV has a line for each row. `training_code/monitoring/ground_truth.py` reads the same files for
the checks of production, and gives them the same meaning.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sluice.definition.data import Task

ID_COLUMNS = ("inference_id", "event_id", "inferenceId", "eventId")
MOST_ROWS = 100_000
"""Of one request: a larger number in the column `row` is a mistake."""


class UnreadableLabelError(ValueError):
    """It is no label of the task. The message says why, without where."""


@dataclass(frozen=True, slots=True)
class GroundTruth:
    key: str
    """The request's inferenceId, else its eventId."""
    labels: tuple[str | None, ...]
    """One for each row of the request, None where it is not known; of `row` alone where that is given."""
    row: int | None = None
    """From 1."""


@dataclass(frozen=True)
class Columns:
    """Places in a CSV file's rows."""

    key: int
    label: int
    row: int | None


def read_ground_truth(line: str | bytes) -> GroundTruth:
    """A line of JSON. Raises UnreadableLabelError."""
    try:
        document: dict[str, Any] = json.loads(line)
        truth = document["groundTruthData"]
        if truth.get("encoding", "CSV") != "CSV":
            raise UnreadableLabelError(f"its encoding {truth['encoding']!r} is not CSV")
        rows = csv.reader(io.StringIO(str(truth["data"])), strict=True)
        labels = tuple(row[0].strip() or None for row in rows if row)
        key = document["eventMetadata"]["eventId"]
    except UnreadableLabelError:
        raise
    except KeyError as error:
        raise UnreadableLabelError(f"it lacks {error.args[0]}") from None
    except (ValueError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise UnreadableLabelError(f"it is no label: {error}") from None
    if not labels or not isinstance(key, str) or not key:
        raise UnreadableLabelError("it holds no label" if key else "its eventId is empty")
    return GroundTruth(key, labels)


def columns_of(header: Sequence[str], target: str) -> Columns:
    """Raises UnreadableLabelError. target: its name may stand for `label`."""
    names = [cell.strip() for cell in header]
    key, label = _first(names, ID_COLUMNS), _first(names, ("label", target))
    if key is None or label is None:
        raise UnreadableLabelError(
            f"the header needs the columns inference_id (or event_id) and label (or {target}), and has "
            f"{', '.join(names)[:200] or 'none'}"
        )
    return Columns(key, label, _first(names, ("row",)))


def _first(header: Sequence[str], names: Iterable[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def read_csv_row(row: Sequence[str], columns: Columns) -> GroundTruth:
    """Raises UnreadableLabelError."""
    try:
        key, label = row[columns.key].strip(), row[columns.label].strip()
        at = None if columns.row is None else int(row[columns.row])
    except (IndexError, ValueError):
        raise UnreadableLabelError(f"it has {len(row)} cells, or its row is no number") from None
    if not key or not label or (at is not None and not 1 <= at <= MOST_ROWS):
        raise UnreadableLabelError(f"its id or its label is empty, or its row is not between 1 and {MOST_ROWS:,}")
    return GroundTruth(key, (label,), at)


def true_number(text: str, task: Task, positive_label: str | int | None) -> float:
    """Binary 1 or 0, regression the number. Raises UnreadableLabelError.

    Of a binary task, 1 and 0 are understood beside the target's own words.
    """
    if task == "binary":
        return float(_same(text, str(positive_label)) or (_same(text, "1") and not _same(str(positive_label), "0")))
    try:
        return float(text)
    except ValueError:
        raise UnreadableLabelError(f"{text!r} is no number") from None


def _same(text: str, label: str) -> bool:
    if text == label:
        return True
    try:
        return float(text) == float(label)
    except ValueError:
        return False
