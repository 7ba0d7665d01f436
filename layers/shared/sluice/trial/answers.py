"""What an endpoint answered, read back from its text: CSV, JSON or JSON Lines, one answer a row.

Sluice's models answer as `training_code/serving/answers.py` says. Of another image's answers the same shapes are read.
"""

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sluice.definition.data import Task


class UnreadableAnswerError(ValueError):
    """The text holds no answer to the task."""


@dataclass(frozen=True, slots=True)
class Answer:
    """scores: binary the positive label's probability, multiclass each class's, regression the number; empty: not asked
    for. label: None where only scores were asked for."""

    scores: tuple[float, ...]
    label: str | None = None


def read_answers(text: str, content_type: str, task: Task) -> tuple[Answer, ...]:
    """Raises UnreadableAnswerError."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "text/csv":
            return tuple(_of_csv(text, task))
        return tuple(_of_object(entry, task) for entry in _objects(text))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableAnswerError(f"no answer to a {task} task: {error}") from None


def _of_csv(text: str, task: Task) -> Iterator[Answer]:
    for row in csv.reader(io.StringIO(text)):
        if row:
            yield _of_classes(row) if task == "multiclass" else _of_one_number(row, task)


def _of_one_number(row: list[str], task: Task) -> Answer:
    """A number, and for a class its label after it; or the label alone. Contributions may follow."""
    if task == "binary" and len(row) == 1 and not _reads_as_a_number(row[0]):
        return Answer((), row[0])
    return Answer((_number(row[0]),), row[1] if task == "binary" and len(row) == 2 else None)


def _of_classes(row: list[str]) -> Answer:
    """The probability of each class, and its label after them; or the label alone."""
    if len(row) == 1:
        return Answer((), row[0])
    try:
        return Answer(tuple(_number(cell) for cell in row))
    except ValueError:
        return Answer(tuple(_number(cell) for cell in row[:-1]), row[-1])


def _objects(text: str) -> Iterator[Any]:
    """A document's `predictions`, or one object a line."""
    try:
        document = json.loads(text)
    except ValueError:
        yield from (json.loads(line) for line in text.splitlines() if line.strip())
        return
    yield from document["predictions"] if isinstance(document, dict) and "predictions" in document else [document]


def _of_object(entry: Any, task: Task) -> Answer:
    if isinstance(entry, int | float):
        return Answer((_number(entry),))
    label = str(entry["label"]) if "label" in entry else None
    scores: tuple[float, ...]
    match task:
        case "regression":
            return Answer((_number(entry["prediction"]),))
        case "binary":
            scores = (_number(entry["probability"]),) if "probability" in entry else ()
        case "multiclass":
            probabilities = entry.get("probabilities") or {}
            scores = tuple(_number(value) for value in probabilities.values())
            label = (
                label if label is not None or not scores else max(probabilities, key=lambda name: probabilities[name])
            )
    if not scores and label is None:
        raise ValueError("it has neither scores nor a label")
    return Answer(scores, label)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no number")
    return number


def _reads_as_a_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
