"""Sends the test rows to the temporary endpoint and compares its scores with the evaluate step's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice, zip_longest
from typing import Any

from functions.score_endpoint.request import ScoreRequest
from sluice.aws.csv_objects import csv_rows
from sluice.aws.endpoint_scores import EndpointAnswerError, EndpointScores
from sluice.aws.objects import Objects, key_of
from sluice.definition import Model
from sluice.errors import DefectError
from sluice.validation import (
    Batch,
    Comparison,
    HeldOutRow,
    Judgement,
    Numbers,
    batches,
    compare,
    judge,
    refused,
    score_columns,
)

MOST_ROWS = 500
MOST_BYTES = 1 << 20
"""Of a request or its answer; a serverless endpoint takes 4 MB and answers within 60 seconds."""
RESERVED_SECONDS = 150.0
"""A request that times out twice, and what remains to be told, must fit before the function's own end."""


@dataclass(frozen=True)
class ScoreEndpoint:
    objects: Objects
    endpoint: EndpointScores
    seconds_left: Callable[[], float]

    def handle(self, request: ScoreRequest) -> dict[str, Any]:
        """The verdict with its reason. Raises TransientError, and DefectError for files that do not fit together."""
        definition = Model.model_validate(self.objects.read_json(f"{request.definition_uri}definition.json"))
        return asdict(self._judgement(request, definition))

    def _judgement(self, request: ScoreRequest, definition: Model) -> Judgement:
        features, compared = tuple(definition.data.features), Comparison()
        rows = islice(self._rows(request, definition), request.max_rows)
        for batch in batches(rows, MOST_ROWS, MOST_BYTES):
            if self.seconds_left() < RESERVED_SECONDS:
                return judge(compared, request.tolerance, cut_off=True)
            try:
                answers = self.endpoint.scores(request.endpoint_name, features, [row.cells for row in batch.rows])
                _check_shape(batch, answers)
            except EndpointAnswerError as error:
                return refused(batch, str(error))
            compared = compared.plus(compare(batch, answers, request.tolerance))
        return judge(compared, request.tolerance, cut_off=False)

    def _rows(self, request: ScoreRequest, definition: Model) -> Iterator[HeldOutRow]:
        held_out = self._held_out(request, tuple(definition.data.features))
        for cells, scores in zip_longest(held_out, self._predictions(request, definition)):
            if cells is None or scores is None:
                raise DefectError(
                    f"{request.holdout_uri} and {request.evaluation_uri}predictions.csv have other numbers of rows"
                )
            yield HeldOutRow(cells, scores)

    def _held_out(self, request: ScoreRequest, features: Sequence[str]) -> Iterator[list[str]]:
        """The cells of the features, in the order of predictions.csv: the files' names, then their rows."""
        for key in sorted(self.objects.keys(key_of(request.holdout_uri))):
            if not key.endswith(".csv"):
                continue
            rows = csv_rows(self.objects, key)
            header = next(rows, [])  # of a host without test rows the file may be empty
            absent = [name for name in features if header and name not in header]
            if absent:
                raise DefectError(f"{key} lacks the column {', '.join(absent)}")
            places = [header.index(name) for name in features] if header else []
            yield from ([row[place] for place in places] for row in rows)

    def _predictions(self, request: ScoreRequest, definition: Model) -> Iterator[Numbers]:
        rows = csv_rows(self.objects, f"{key_of(request.evaluation_uri)}predictions.csv")
        places = score_columns(definition.data.task, next(rows, []))
        yield from ([float(row[place]) for place in places] for row in rows)


def _check_shape(batch: Batch, answers: Sequence[Numbers]) -> None:
    if len(answers) != len(batch.rows):
        raise EndpointAnswerError(f"it answered {len(answers):,} rows to {len(batch.rows):,}")
    for row, answer in zip(batch.rows, answers, strict=True):
        if len(answer) != len(row.expected):
            raise EndpointAnswerError(f"it answered {len(answer)} numbers to a row, not {len(row.expected)}")
