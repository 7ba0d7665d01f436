"""A transform job's share of a file: CSV lines in, as many lines out, so that SageMaker can join the two.

SageMaker cuts a file at its line ends and sends it in portions, of which only the first holds the header. So the job
names the file's columns in an environment variable, a JSON list, and every portion is read by them. The header line is
answered by the names of the answer's columns: joined, it is the header of the result.

    task        the answer's columns
    binary      probability (of the positive label), label
    multiclass  probability_<class> for each class, in features.json's order, label
    regression  prediction

A name that the file has already gets underscores after it.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codec.cells import CellError
from codec.codec import BINARY, REGRESSION, Codec
from serving.answers import write_prediction
from serving.artifact import Artifact
from serving.bad_request import BadRequest
from serving.booster import scores_of
from serving.encoding import Matrix, encode_quickly
from serving.media_types import BOTH, CSV, PROBABILITY, Wanted
from serving.predicting import LARGE, Prediction, plain_lines
from serving.records import Columns, csv_cells, named_columns
from serving.requests import csv_rows

VARIABLE = "SLUICE_CSV_COLUMNS"


@dataclass(frozen=True)
class Portion:
    """has_header: whether the file's header line stood before `lines`."""

    lines: str
    has_header: bool


def declared_columns(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The file's columns in their order, where a transform job named them. BadRequest: what it names is no list."""
    text = environment.get(VARIABLE)
    if not text:
        return None
    try:
        names = json.loads(text)
    except ValueError as error:
        raise BadRequest(f"{VARIABLE} is not JSON: {error}. Give the file's columns as a list.") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequest(f"{VARIABLE} is not a list of the file's columns: give one, as JSON.")
    return tuple(names)


def answer_lines(model: Artifact, names: Sequence[str], text: str, asked: Wanted) -> str:
    """A line for each line of `text`; both probability and label unless the Accept header says otherwise."""
    if asked.kind != CSV or asked.contributions:
        raise BadRequest(f"A transform job's answer is {CSV} without contributions: ask for that in Accept.")
    wanted = _with_output(asked, model.codec.target.task)
    portion = _portion(text, names)
    header = f"{_line(_answered_columns(model.codec, wanted, names))}\n" if portion.has_header else ""
    if not portion.lines:
        return header
    matrix = _encoded(model, portion.lines, named_columns(model.codec, names))
    return header + write_prediction(Prediction(model, matrix, scores_of(model.booster, matrix)), wanted)


def _with_output(asked: Wanted, task: str) -> Wanted:
    if asked.output is not None or task == REGRESSION:
        return asked
    return Wanted(asked.kind, asked.media_type, BOTH, asked.contributions)


def _portion(text: str, names: Sequence[str]) -> Portion:
    first, _, rest = text.partition("\n")
    cells = csv_rows(first.removesuffix("\r"))
    if cells and [cell.strip() for cell in cells[0]] == list(names):
        return Portion(rest, has_header=True)
    return Portion(text, has_header=False)


def _encoded(model: Artifact, lines: str, columns: Columns) -> Matrix:
    sent = lines.count("\n") + (not lines.endswith("\n"))
    try:
        matrix = _encode(model, lines, columns)
    except CellError as error:
        raise BadRequest(str(error)) from None
    if len(matrix) != sent:
        raise BadRequest(
            f"{sent} lines hold {len(matrix)} rows: a line is blank, or a cell holds a line break, and a transform "
            "job needs a line for each row."
        )
    return matrix


def _encode(model: Artifact, lines: str, columns: Columns) -> Matrix:
    plain = plain_lines(lines) if len(lines) >= LARGE and columns.width > 1 else None
    matrix = model.plain_csv.encode(plain, columns) if plain else None
    if matrix is None:
        matrix = encode_quickly(model.codec, model.cells, csv_cells(model.codec, columns, csv_rows(lines)))
    return matrix


def _answered_columns(codec: Codec, wanted: Wanted, taken: Sequence[str]) -> list[str]:
    task = codec.target.task
    if task == REGRESSION:
        names = ["prediction"]
    else:
        scores = ["probability"] if task == BINARY else [f"probability_{name}" for name in codec.target.classes]
        names = {PROBABILITY: scores, BOTH: [*scores, "label"]}.get(wanted.output or BOTH, ["label"])
    return [_free(name, taken) for name in names]


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()
