"""A captured answer as scores and class codes: the other way round of serving/answers.py."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from codec.cells import cell_text
from codec.codec import BINARY, REGRESSION, Codec
from monitoring.captures import Payload
from serving.bad_request import BadRequest
from serving.media_types import CSV, JSON
from serving.requests import csv_rows, read_request

NO_CODE = -1
Score = float | tuple[float, ...]


_NOT_AS_WRITTEN = (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError, RecursionError)


class NoAnswer(ValueError):
    """It holds no prediction for every row."""


@dataclass(frozen=True)
class Answers:
    """By row. scores: NaN where only the label was asked for; of several classes a number for each.

    codes: of the answered labels, NO_CODE of a regression. version: the model's, where the answer says it.
    """

    scores: Sequence[Score]
    codes: Sequence[int]
    version: str | None = None


class AnswerReader:
    def __init__(self, codec: Codec, threshold: float) -> None:
        self._task, self._classes, self._codes = codec.target.task, codec.target.classes, codec.target.codes
        self._threshold = threshold
        self._unscored: Score = math.nan if self._task in (BINARY, REGRESSION) else (math.nan,) * len(self._classes)
        self._contributions = (len(codec.names) + 1) * (1 if self._task in (BINARY, REGRESSION) else len(self._classes))

    def read(self, answered: Payload, rows: int) -> Answers:
        """Raises NoAnswer."""
        try:
            found = self._read(answered)
        except (BadRequest, *_NOT_AS_WRITTEN) as error:
            raise NoAnswer(str(error)) from None
        if len(found.codes) != rows:
            raise NoAnswer(f"it answers {len(found.codes)} rows, the request has {rows}")
        return found

    def row(self, cells: Sequence[str]) -> Answers:
        """Of one line of CSV. Raises NoAnswer."""
        try:
            return self._of_pairs([self._csv_row(cells)])
        except _NOT_AS_WRITTEN as error:
            raise NoAnswer(str(error)) from None

    def _read(self, answered: Payload) -> Answers:
        kind, body = answered.kind, answered.body
        if kind == CSV:
            text = body if isinstance(body, str) else body.decode()
            return self._of_pairs(map(self._csv_row, csv_rows(text)))
        if kind != JSON:
            return self._of_pairs(map(self._record, read_request(body, kind).rows))
        document = json.loads(body)
        version = document.get("model_version")
        found = self._of_pairs(map(self._record, document["predictions"]))
        return found if version is None else Answers(found.scores, found.codes, str(version))

    def _of_pairs(self, pairs: Iterable[tuple[Score, int]]) -> Answers:
        found = list(pairs)
        return Answers([score for score, _ in found], [code for _, code in found])

    def _record(self, record: Any) -> tuple[Score, int]:
        if self._task == REGRESSION:
            return _finite(record["prediction"]), NO_CODE
        label = record.get("label")
        if self._task == BINARY:
            score: Score = _finite(record["probability"]) if "probability" in record else math.nan
        elif "probabilities" in record:
            score = tuple(_finite(record["probabilities"][name]) for name in self._classes)
        else:
            score = self._unscored
        return score, self._code(label, score)

    def _csv_row(self, row: Sequence[str]) -> tuple[Score, int]:
        if self._task == REGRESSION:
            return _finite(row[0]), NO_CODE
        count = 1 if self._task == BINARY else len(self._classes)
        width = len(row) if len(row) in (1, count, count + 1) else len(row) - self._contributions
        if width == 1 and self._is_label(row[0]):
            return self._unscored, self._codes[row[0]]
        if width not in (count, count + 1):
            raise NoAnswer(f"it has {len(row)} values in a row")
        numbers = tuple(_finite(cell) for cell in row[:count])
        score: Score = numbers[0] if self._task == BINARY else numbers
        return score, self._code(row[count] if width > count else None, score)

    def _is_label(self, cell: str) -> bool:
        """Of a single value: several classes have more than one probability; classes called 0 and 1 win over those."""
        return cell in self._codes

    def _code(self, label: Any, score: Score) -> int:
        if label is not None:
            return self._codes[cell_text(label)]
        if isinstance(score, tuple):
            if math.isnan(score[0]):
                raise NoAnswer("it has neither probabilities nor a label")
            return max(range(len(score)), key=score.__getitem__)
        if math.isnan(score):
            raise NoAnswer("it has neither a probability nor a label")
        return int(score >= self._threshold)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise NoAnswer(f"{value!r} is no number")
    return number
