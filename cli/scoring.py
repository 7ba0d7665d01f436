"""Sends a data file's rows to an endpoint, in pieces that InvokeEndpoint takes."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.errors import BadInputError, OperationFailedError
from cli.profiling.raw_rows import header_and_rows

# Serverless endpoints take 4 MB, real-time ones 6 MB (SageMaker quotas), both within 60 s: stay well below either.
MAX_BODY_BYTES = 2_000_000
MAX_ROWS = 20_000


@dataclass(frozen=True)
class Chunk:
    """`first_row` counts the file's data rows from 1."""

    first_row: int
    header: list[str]
    rows: Sequence[Sequence[str]]

    @property
    def body(self) -> bytes:
        return (_csv_line(self.header) + "".join(_csv_line(row) for row in self.rows)).encode()


@dataclass(frozen=True)
class Prediction:
    """`answer` is the model's own: probability and label, probabilities and label, or prediction."""

    row: int
    key: str | None
    answer: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "key": self.key, **self.answer}

    def as_columns(self) -> dict[str, Any]:
        """One cell per column: a probability for each class where there are several."""
        columns: dict[str, Any] = {"row": self.row, "key": self.key or ""}
        for name, value in self.answer.items():
            if isinstance(value, Mapping):
                columns |= {f"probability_{label}": each for label, each in value.items()}
            else:
                columns[name] = value
        return columns


def score_file(
    runtime: Any, endpoint: str, path: Path, key: str | None, target_model: str | None = None
) -> Iterator[Prediction]:
    """One prediction per row, in the file's order. `key` names a column whose value goes along with each.

    target_model: which of a multi-model endpoint's is asked.
    Raises BadInputError when the file or a row of it is not what the model takes.
    """
    for chunk in chunks(path):
        yield from predictions_of(chunk, invoke(runtime, endpoint, chunk, target_model), key)


def predictions_of(chunk: Chunk, answers: Sequence[Mapping[str, Any]], key: str | None) -> Iterator[Prediction]:
    at = chunk.header.index(key) if key in chunk.header else None
    for offset, (row, answer) in enumerate(zip(chunk.rows, answers, strict=True)):
        name = row[at] if at is not None and at < len(row) else None
        yield Prediction(chunk.first_row + offset, name, answer)


def read_header(path: Path) -> list[str]:
    return next(chunks(path, max_rows=1)).header


def chunks(path: Path, max_bytes: int = MAX_BODY_BYTES, max_rows: int = MAX_ROWS) -> Iterator[Chunk]:
    lines = header_and_rows(path)
    header = next(lines)
    start, rows, size = 1, list[list[str]](), 0
    for row in lines:
        length = len(_csv_line(row).encode())
        if rows and (size + length > max_bytes or len(rows) == max_rows):
            yield Chunk(start, header, rows)
            start, rows, size = start + len(rows), [], 0
        rows.append(row)
        size += length
    if not rows:
        raise BadInputError(f"{path}: there is a header and no row below it. Add rows to predict")
    yield Chunk(start, header, rows)


def invoke(runtime: Any, endpoint: str, chunk: Chunk, target_model: str | None = None) -> list[dict[str, Any]]:
    target = {"TargetModel": target_model} if target_model else {}
    try:
        response = runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="text/csv", Accept="application/json", Body=chunk.body, **target
        )
    except ClientError as error:
        raise _explained(error, endpoint, chunk) from error
    return answers_of(response["Body"].read(), endpoint, chunk)


def answers_of(body: bytes, endpoint: str, chunk: Chunk) -> list[dict[str, Any]]:
    """Of one request; raises OperationFailedError when they are not as many as its rows."""
    answers: list[dict[str, Any]] = json.loads(body)["predictions"]
    if len(answers) != len(chunk.rows):
        raise OperationFailedError(
            f"{endpoint} answered {len(answers)} predictions for {len(chunk.rows)} rows (from row {chunk.first_row}). "
            "That is a defect of the model's inference code"
        )
    return answers


def _explained(error: ClientError, endpoint: str, chunk: Chunk) -> Exception:
    """The model's own words for a bad row; row numbers in them count from the piece's first row."""
    details: Any = error.response
    status = int(details.get("OriginalStatusCode") or 0)
    if error.response["Error"]["Code"] != "ModelError":
        return error
    reason = _in_words(str(details.get("OriginalMessage") or error.response["Error"]["Message"]))
    if 400 <= status < 500:
        counted = f" (counted from row {chunk.first_row} of the file)" if chunk.first_row > 1 else ""
        return BadInputError(f"{endpoint} refused the rows: {reason}{counted}")
    return OperationFailedError(
        f"{endpoint} failed with {status}: {reason}. Its log: /aws/sagemaker/Endpoints/{endpoint}"
    )


def _in_words(message: str) -> str:
    """On one line; a web server's own error page without its tags."""
    text = re.sub(r"<[^>]+>", " ", message) if message.lstrip().startswith("<") else message
    return " ".join(text.split()).rstrip(".")


def _csv_line(row: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(row)
    return buffer.getvalue()
