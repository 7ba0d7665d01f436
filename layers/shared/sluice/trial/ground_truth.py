"""What really happened, as `models/<name>/ground-truth/` holds it.

The shape is Model Monitor's (SageMaker Developer Guide, "Ingest ground truth labels"); a request of several rows has as
many lines of data.
"""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from sluice.definition.data import Task


class UnreadableLabelError(ValueError):
    """It is no label of the task."""


@dataclass(frozen=True)
class GroundTruth:
    key: str
    """The request's inferenceId, else its eventId."""
    labels: tuple[str, ...]


def read_ground_truth(line: str) -> GroundTruth:
    """Raises UnreadableLabelError."""
    try:
        document: dict[str, Any] = json.loads(line)
        truth = document["groundTruthData"]
        if truth.get("encoding", "CSV") != "CSV":
            raise ValueError(f"encoding {truth['encoding']} is not CSV")
        rows = csv.reader(io.StringIO(str(truth["data"])))
        return GroundTruth(str(document["eventMetadata"]["eventId"]), tuple(row[0].strip() for row in rows if row))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableLabelError(str(error)) from None


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
