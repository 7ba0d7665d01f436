"""A batch's result: the file's columns and the answer's after them (docs/batch.md), read in blocks."""

from collections.abc import Sequence

from codec.codec import BINARY, REGRESSION, Codec
from job import BadData
from monitoring.answered import AnswerReader, Answers, NoAnswer
from monitoring.capture_reading import NamedFile
from monitoring.feeding import Exchange, Feeder
from monitoring.request_rows import Row, RowReader
from monitoring.window_tally import REQUESTS, ROWS, UNANSWERED, WindowTally
from preprocessing.csv_source import csv_batches

BLOCK_BYTES = 1 << 20


class BatchReader:
    """Each row counts as a request; there are no event ids, and no labels."""

    def __init__(self, rows: RowReader, answers: AnswerReader, tally: WindowTally, feeder: Feeder) -> None:
        self._rows, self._answers, self._tally, self._feeder = rows, answers, tally, feeder

    def read(self, file: NamedFile) -> None:
        def reject(number: int, _text: str, reason: str) -> None:
            # The header is the first line.
            self._tally.unreadable.add(file.name, number + 1, reason)

        names, batches = csv_batches(file.path, self._rows.codec.names, reject, BLOCK_BYTES)
        count = _answer_columns(self._rows.codec)
        if len(names) <= count or not set(names[:-count]) & set(self._rows.codec.names):
            raise BadData(f"{file.name} holds no scored rows: give the result of a batch of this model.")
        number = 0
        for batch in batches:
            columns = [column.to_pylist() for column in batch.columns]
            request = self._rows.named_rows(names[:-count], list(zip(*columns[:-count], strict=True)))
            self._tally.add_columns(request)
            for row, answer in zip(request.rows, zip(*columns[-count:], strict=True), strict=True):
                number += 1
                self._add(f"{file.name}:{number}", row, answer)

    def _add(self, name: str, row: Row, answer: Sequence[str]) -> None:
        found = self._answer(answer)
        self._tally.counts[REQUESTS] += 1
        self._tally.counts[ROWS] += 1
        self._tally.counts[UNANSWERED] += found is None
        self._feeder.add(Exchange(name, 0.0, [row], found), counted=True)

    def _answer(self, cells: Sequence[str]) -> Answers | None:
        try:
            return self._answers.row(cells)
        except NoAnswer:
            return None


def _answer_columns(codec: Codec) -> int:
    """See serving/transform.py."""
    if codec.target.task == REGRESSION:
        return 1
    return 2 if codec.target.task == BINARY else len(codec.target.classes) + 1
