"""A prediction as CSV, JSON or JSON Lines.

Per row, by `output` of the Accept header (JSON's default is both, CSV's the probability):

    task        JSON                                                 CSV columns
    binary      {"probability": p, "label": l}                       p of the positive label; l
    multiclass  {"label": l, "probabilities": {class: p, …}}         p of each class, in features.json's order; l
    regression  {"prediction": x}                                    x

With contributions, CSV rows go on with the features' values, in their order, and the bias; JSON adds
"contributions": {feature: value, …, "bias": value}. Multiclass has them once per class. They are SHAP values in the
model's unit before its last function (boosted: binary log-odds; forest: the probability), and sum to the row's margin.

Numbers have nine digits, which tell any two 32-bit floats apart. Where the container has SLUICE_MODEL_VERSION, JSON's
object also has "model_version".
"""

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence

import numpy as np

from codec.codec import BINARY, REGRESSION
from serving.artifact import Artifact
from serving.bad_request import BadRequest
from serving.encoding import Matrix
from serving.media_types import BOTH, CSV, JSON, LABEL, PROBABILITY, Wanted
from serving.predicting import Prediction

VERSION_VARIABLE = "SLUICE_MODEL_VERSION"


def write_prediction(prediction: Prediction, wanted: Wanted) -> str:
    if prediction.model.codec.target.task == REGRESSION and wanted.output is not None:
        raise BadRequest(f"Accept has output={wanted.output}, but this model predicts a number: leave output out.")
    return _csv(prediction, wanted) if wanted.kind == CSV else _json(prediction, wanted)


def _csv(prediction: Prediction, wanted: Wanted) -> str:
    output = wanted.output or PROBABILITY
    numbers = [] if output == LABEL else [_table(prediction.scores)]
    if wanted.contributions:
        contributions = _table(prediction.contributions())
    if output == PROBABILITY and not wanted.contributions:
        return _number_lines(numbers[0])
    columns = [iter(_number_lines(table).splitlines()) for table in numbers]
    if output != PROBABILITY:
        quoted = [_quoted(label) for label in prediction.model.codec.target.classes]
        columns.append(quoted[code] for code in _codes(prediction).tolist())
    if wanted.contributions:
        columns.append(iter(_number_lines(contributions).splitlines()))
    return "".join(f"{','.join(row)}\n" for row in zip(*columns, strict=True))


def _table(numbers: Matrix) -> Matrix:
    """Rows as they are, whatever else they have in one dimension."""
    return numbers.reshape(len(numbers), -1)


def _number_lines(table: Matrix) -> str:
    line = ",".join(["%.9g"] * table.shape[1]) + "\n"
    return line * len(table) % tuple(table.ravel().tolist())


def _quoted(label: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([label])
    return buffer.getvalue()


def _codes(prediction: Prediction) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Of the labels."""
    if prediction.model.codec.target.task == BINARY:
        return (prediction.scores >= prediction.model.threshold).astype(np.int64)
    return prediction.scores.argmax(axis=1)


def _json(prediction: Prediction, wanted: Wanted) -> str:
    parts = [_predicted(prediction, wanted.output or BOTH)]
    if wanted.contributions:
        parts.append(_contributions(prediction))
    rows = (f"{{{', '.join(row)}}}" for row in zip(*parts, strict=True))
    if wanted.kind == JSON:
        return f'{{"predictions": [{", ".join(rows)}]{_version()}}}'
    return "".join(f"{row}\n" for row in rows)


def _version() -> str:
    """Which version answers, where the container was told: while traffic moves, two of them answer as one variant."""
    version = os.environ.get(VERSION_VARIABLE, "")
    return f', "model_version": {version}' if version.isdecimal() else ""


def _predicted(prediction: Prediction, output: str) -> Iterator[str]:
    """Each row's members of the JSON object, without braces."""
    model, scores = prediction.model, prediction.scores
    if model.codec.target.task == REGRESSION:
        return iter(_members('"prediction": %.9g', scores))
    if model.codec.target.task == BINARY:
        probabilities = '"probability": %.9g'
    else:
        probabilities = f'"probabilities": {_object(model.codec.target.classes)}'
    if output == PROBABILITY:
        return iter(_members(probabilities, scores))
    labels = [f'"label": {json.dumps(label, ensure_ascii=False)}' for label in model.codec.target.classes]
    codes = _codes(prediction).tolist()
    if output == LABEL:
        return (labels[code] for code in codes)
    members = _members(probabilities, scores)
    return (f"{member}, {labels[code]}" for member, code in zip(members, codes, strict=True))


def _object(names: Sequence[str]) -> str:
    """A template of a JSON object with a number for each name."""
    keys = (json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in names)
    return f"{{{', '.join(f'{key}: %.9g' for key in keys)}}}"


def _members(template: str, numbers: Matrix) -> list[str]:
    return [template % tuple(row) for row in _table(numbers).tolist()]


def _contributions(prediction: Prediction) -> list[str]:
    model, values = prediction.model, prediction.contributions()
    template = _object([*model.codec.names, bias_name(model)])
    if values.ndim == 3:
        classes = (json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in model.codec.target.classes)
        template = f"{{{', '.join(f'{name}: {template}' for name in classes)}}}"
    return _members(f'"contributions": {template}', values)


def bias_name(model: Artifact) -> str:
    """ "bias", with underscores after it where a feature has that name."""
    name = "bias"
    while name in model.codec.names:
        name += "_"
    return name
