"""A request's rows, encoded and scored."""

from dataclasses import dataclass

from codec.cells import CellError
from serving.artifact import Artifact, Scores
from serving.bad_request import BadRequest
from serving.booster import contributions_of, scores_of
from serving.encoding import Matrix, encode_quickly
from serving.media_types import CSV
from serving.records import csv_cells, csv_columns, json_cells
from serving.requests import Request, csv_rows

# In characters. Below it, numpy's fixed price (0.1 ms) is more than to go through the cells one by one.
LARGE = 4096


@dataclass(frozen=True)
class Prediction:
    """scores: (rows,), or (rows, classes)."""

    model: Artifact
    matrix: Matrix
    scores: Scores

    def contributions(self) -> Matrix:
        return contributions_of(self.model.booster, self.matrix, self.model.codec.xgboost_types)


def predict(request: Request, model: Artifact) -> Prediction:
    try:
        matrix = encode_csv(model, request.text) if request.kind == CSV else _encode_json(model, request)
    except CellError as error:
        raise BadRequest(str(error)) from None
    return Prediction(model, matrix, scores_of(model.booster, matrix))


def encode_csv(model: Artifact, text: str) -> Matrix:
    matrix = _encode_large(model, text) if len(text) >= LARGE else None
    return _encode_by_row(model, text) if matrix is None else matrix


def _encode_json(model: Artifact, request: Request) -> Matrix:
    return encode_quickly(model.codec, model.cells, json_cells(model.codec, request.rows))


def _encode_by_row(model: Artifact, text: str) -> Matrix:
    rows = csv_rows(text)
    if not rows:
        raise BadRequest("The request holds no row: send at least one.")
    columns = csv_columns(model.codec, rows[0])
    if columns.has_header:
        del rows[0]
    if not rows:
        raise BadRequest("The request holds a header and no row: send at least one.")
    return encode_quickly(model.codec, model.cells, csv_cells(model.codec, columns, rows))


def _encode_large(model: Artifact, text: str) -> Matrix | None:
    """None where the text is not plain, or some row not as wide as the first: then row by row, which says where."""
    data = plain_lines(text)
    if data is None:
        return None
    end = data.index(b"\n") + 1
    columns = csv_columns(model.codec, data[: end - 1].decode().split(","))
    rows = data[end:] if columns.has_header else data
    # A blank line in one column would pass for an empty cell; in several columns it has not their width.
    return model.plain_csv.encode(rows, columns) if rows and columns.width > 1 else None


def plain_lines(text: str) -> bytes | None:
    """Lines that end in \\n. None where quotes, other line ends or NUL are about."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return None
    data = data.replace(b"\r\n", b"\n") if b"\r" in data else data
    if any(letter in data for letter in (b'"', b"\r", b"\0")):
        return None
    return data if data.endswith(b"\n") else data + b"\n"
