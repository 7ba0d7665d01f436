"""The endpoint: raw records in, predictions out. SageMaker's script-mode functions.

On a laptop, after train.py:

    python training_code/inference.py --model-dir model --input records.csv
    python training_code/inference.py --model-dir model --input records.jsonl --accept 'application/json; output=label'

In: text/csv (with a header line, or in the order of features.json), application/json (a record, a list of records, or
{"instances": […]} of records by name or lists by position) or application/jsonlines (one of them per line). A missing,
null or empty cell is a missing value; a level that training never saw is scored as one. JSON's NaN and Infinity are
read as those words in CSV are: a numeric column refuses them, unless they are among the definition's missing values.

Out: text/csv, application/json or application/jsonlines, the first of them in the Accept header. Its parameters choose
what: output=probability, label or both; contributions=true adds SHAP values, at a price (about 0.05 ms a row).
serving/answers.py shows the forms; for the portions of a file that a transform job sends, serving/transform.py does.
Whatever cannot be scored is answered with 400, naming row and column.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from serving.answers import write_prediction
from serving.artifact import Artifact, load_artifact
from serving.bad_request import BadRequest, Refusal
from serving.media_types import CSV, JSON, JSON_LINES, wanted
from serving.predicting import Prediction, predict
from serving.requests import Request, read_request
from serving.transform import answer_lines, declared_columns

BY_SUFFIX = {".csv": CSV, ".json": JSON, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}


def model_fn(model_dir: str) -> Artifact:
    artifact = replace(load_artifact(Path(model_dir)), transformed_columns=declared_columns(os.environ))
    # The containers start one server process per core: more threads would only wait for each other.
    artifact.booster.set_param({"nthread": 1})
    _keep_freed_memory()
    return artifact


def _keep_freed_memory(size: int = 24 * 1024 * 1024) -> None:
    """Once a block of this size was freed, glibc keeps what is freed instead of handing it back to the kernel.

    Else the arrays of every large request are fetched anew, page by page: 8 % of the time of 1,000 rows.
    """
    np.empty(size, dtype=np.uint8)


def transform_fn(
    model: Artifact, body: str | bytes, content_type: str | None, accept: str | None
) -> tuple[str, str] | Refusal:
    """The whole way of a request. One function, because only what it returns can become a 400: see bad_request.py."""
    try:
        asked = wanted(accept)
        request = read_request(body, content_type)
        if model.transformed_columns is not None and request.kind == CSV:
            return answer_lines(model, model.transformed_columns, request.text, asked), asked.media_type
        return write_answer(score_request(request, model), accept)
    except BadRequest as error:
        return Refusal(str(error))


def score_request(request: Request, model: Artifact) -> Prediction:
    return predict(request, model)


def write_answer(prediction: Prediction, accept: str | None = JSON) -> tuple[str, str]:
    """The answer and its media type."""
    return write_prediction(prediction, wanted(accept)), wanted(accept).media_type


def parse_arguments(argv: Sequence[str]) -> Namespace:
    # Only the command needs it, not the endpoint's start.
    import argparse

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model-dir", required=True)
    parser.add_argument("--input", type=Path, required=True, help="a .csv, .json or .jsonl file of raw records")
    parser.add_argument("--accept", default=CSV, help="as in the request's header; %(default)s unless given")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    content_type = BY_SUFFIX.get(arguments.input.suffix.lower())
    if content_type is None:
        raise BadRequest(f"--input {arguments.input}: the name must end in {', '.join(BY_SUFFIX)}.")
    request = read_request(arguments.input.read_bytes(), content_type)
    print(write_answer(score_request(request, model_fn(arguments.model_dir)), arguments.accept)[0], end="")


def run(argv: Sequence[str]) -> int:
    """The exit code of main(argv); what a person can put right is one line on stderr."""
    try:
        main(argv)
    except (OSError, ValueError) as error:
        # BadRequest, a features.json of another format, and xgboost's own errors are ValueErrors.
        print((str(error).strip().splitlines() or [type(error).__name__])[0], file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
