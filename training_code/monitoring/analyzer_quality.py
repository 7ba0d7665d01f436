"""Model quality as Model Monitor's analyzer is asked for it: answers merged with ground truth, beside constraints.json.

What is read: JSON Lines of captures that also have groundTruthData, as Model Monitor's merge job leaves them. Where in
an answer the prediction stands is said by inference_attribute and probability_attribute: of CSV the column's number,
from 0; of JSON a path such as predictions[0].label, $.predictions[*].probability or label. Of two classes the labels
are 1, the positive one, and 0: AWS documents no others, and no variable that would name them.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codec.cells import cell_text
from codec.codec import Floats
from evaluation.artifacts import Task
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap
from evaluation.multiclass import COUNTED, Multiclass
from evaluation.regression import Regression
from job import BadData
from monitoring.captures import UnreadableLine, parse_capture, read_lines
from monitoring.claims import Document
from monitoring.unreadable import UnreadableLog
from serving.bad_request import BadRequest
from serving.media_types import CSV

BINARY, MULTICLASS, REGRESSION = "BinaryClassification", "MulticlassClassification", "Regression"
_KEYS = {
    BINARY: "binary_classification",
    MULTICLASS: "multiclass_classification",
    REGRESSION: "regression",
}
# Of binary answers without a probability.
OF_LABELS_ONLY = ("accuracy", "precision", "recall", "f1")
THRESHOLD = 0.5
BELOW, ABOVE = "LessThanThreshold", "GreaterThanThreshold"
_STEP = re.compile(r"\.?(?P<name>[^.\[\]]+)|\[(?P<place>\d+|\*)\]")


@dataclass(frozen=True)
class Answer:
    """One row: what was predicted, how probable that the positive class is (NaN: not asked for), and what was true."""

    inference: str
    probability: float
    truth: str


@dataclass(frozen=True)
class Attributes:
    inference: str | None
    probability: str | None

    def read(self, data: str, kind: str, truths: Sequence[str]) -> list[Answer]:
        """Raises UnreadableLine."""
        inferences = self._values(self.inference, data, kind)
        probabilities = self._values(self.probability, data, kind)
        for found in (inferences, probabilities):
            if found is not None and len(found) != len(truths):
                raise UnreadableLine(f"it answers {len(found)} rows, and {len(truths)} have ground truth")
        return [
            Answer(
                cell_text(inferences[row]) if inferences else "",
                _number(probabilities[row]) if probabilities else math.nan,
                truth,
            )
            for row, truth in enumerate(truths)
        ]

    def _values(self, attribute: str | None, data: str, kind: str) -> list[Any] | None:
        if attribute is None:
            return None
        if kind == CSV:
            return [_cell(row, attribute) for row in csv.reader(io.StringIO(data)) if row]
        return list(_at(json.loads(data), _steps(attribute)))


def check_quality(
    source: Path, variables: Mapping[str, str], constraints: Document
) -> tuple[dict[str, Document], dict[str, float | Mapping[str, float]]]:
    """The documents by file name, and the metrics."""
    problem = variables.get("problem_type", "")
    if problem not in _KEYS:
        raise BadData(f"problem_type is {problem!r}: it must be one of {', '.join(_KEYS)}.")
    attributes = Attributes(variables.get("inference_attribute"), variables.get("probability_attribute"))
    if not attributes.inference and not (problem == BINARY and attributes.probability):
        raise BadData("inference_attribute is not set: say where in an answer the prediction stands.")
    unreadable = UnreadableLog()
    answers = list(_answers(source, attributes, problem, unreadable))
    lost = unreadable.found()
    for file, line, reason in lost.examples:
        print(f"{file}, line {line}: {reason}", flush=True)
    if not answers:
        raise BadData(f"No merged record of {source} could be read ({lost.count} could not): see the log for why.")
    task, labels, scores, known = _measured(problem, answers, variables)
    document = task.document(labels, scores, Bootstrap(), curves=False)
    metrics = {name: found for name, found in document.items() if name in known or name == "confusion_matrix"}
    key = _KEYS[problem]
    try:
        violations = list(_violations(constraints.get(f"{key}_constraints", {}), metrics))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadData(f"baseline_constraints cannot be read: {type(error).__name__} {error}.") from error
    documents: dict[str, Document] = {
        "statistics.json": {"version": 0.0, "dataset": {"item_count": len(answers)}, f"{key}_metrics": metrics},
        "constraints.json": constraints,
        "constraint_violations.json": {"violations": violations},
    }
    values = {name: metrics[name]["value"] for name in known}
    return documents, {name: float(value) for name, value in values.items() if value is not None}


def _answers(folder: Path, attributes: Attributes, problem: str, unreadable: UnreadableLog) -> Iterator[Answer]:
    seen: set[str] = set()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, number = file.relative_to(folder).as_posix(), 0
        try:
            for number, line in enumerate(read_lines(file), start=1):
                if line.strip():
                    try:
                        yield from _of_line(line, number, attributes, problem, seen)
                    except (UnreadableLine, BadRequest, ValueError, LookupError, TypeError, AttributeError) as error:
                        unreadable.add(name, number, str(error))
        except UnreadableLine as error:
            unreadable.add(name, number + 1, str(error))


def _of_line(line: bytes, number: int, attributes: Attributes, problem: str, seen: set[str]) -> list[Answer]:
    """Nothing where the record has been read before. Raises UnreadableLine and what wrong JSON raises."""
    captured = parse_capture(line, number)
    if captured.event_id in seen:
        return []
    if captured.answered is None:
        raise UnreadableLine("it holds no answer: let data capture keep input and output")
    truth = json.loads(line)["groundTruthData"]["data"]
    truths = [row[0].strip() for row in csv.reader(io.StringIO(str(truth))) if row]
    body = captured.answered.body
    answers = attributes.read(body if isinstance(body, str) else body.decode(), captured.answered.kind, truths)
    if not answers or not all(truths):
        raise UnreadableLine("its ground truth is empty")
    if problem == REGRESSION:
        for answer in answers:
            _number(answer.truth), _number(answer.inference)
    seen.add(captured.event_id)
    return answers


def _cell(row: Sequence[str], attribute: str) -> str:
    if not attribute.isdigit():
        raise UnreadableLine(f"the answer is CSV, and {attribute!r} is no number of a column")
    if int(attribute) >= len(row):
        raise UnreadableLine(f"a row of the answer has {len(row)} columns, and none with the number {attribute}")
    return row[int(attribute)].strip()


def _steps(path: str) -> list[str | int | None]:
    """None is every element."""
    rest = path.removeprefix("$")
    steps: list[str | int | None] = []
    while rest:
        found = _STEP.match(rest)
        if found is None:
            raise BadData(f"The attribute {path!r} is no path that can be read: write it as predictions[0].label.")
        place = found["place"]
        steps.append(found["name"] if place is None else None if place == "*" else int(place))
        rest = rest[found.end() :]
    return steps


def _at(document: Any, steps: Sequence[str | int | None]) -> Iterator[Any]:
    if not steps:
        yield document
    elif steps[0] is None:
        for element in document:
            yield from _at(element, steps[1:])
    else:
        yield from _at(document[steps[0]], steps[1:])


def _measured(
    problem: str, answers: Sequence[Answer], variables: Mapping[str, str]
) -> tuple[Task, Floats, Any, tuple[str, ...]]:
    """The task, its labels and scores, and the metrics that they tell."""
    if problem == REGRESSION:
        labels = np.array([_number(answer.truth) for answer in answers])
        return Regression(), labels, np.array([_number(answer.inference) for answer in answers]), Regression().names
    if problem == MULTICLASS:
        return _classes(answers)
    labels = _ones([answer.truth for answer in answers], "Ground truth holds")
    probabilities = np.array([answer.probability for answer in answers])
    if np.isfinite(probabilities).all():
        task = Binary(float(variables.get("probability_threshold_attribute") or THRESHOLD))
        return task, labels, probabilities, task.names
    called = _ones([answer.inference for answer in answers], f"At {variables.get('inference_attribute')} answers hold")
    return Binary(THRESHOLD), labels, called, OF_LABELS_ONLY


def _ones(labels: Sequence[str], where: str) -> Floats:
    """1 or 0 for each. BadData where one is neither."""
    others = sorted({label for label in labels if not _same(label, "1") and not _same(label, "0")})
    if others:
        shown = ", ".join(repr(one) for one in others[:5])
        raise BadData(f"{where} the labels {shown}: of two classes Model Monitor takes 1, the positive one, and 0.")
    return np.array([_same(label, "1") for label in labels], dtype=np.float64)


def _classes(answers: Sequence[Answer]) -> tuple[Task, Floats, Any, tuple[str, ...]]:
    """A score of 1 for the class that was answered: what only labels tell needs no more."""
    names = sorted({answer.truth for answer in answers} | {answer.inference for answer in answers})
    codes = {name: code for code, name in enumerate(names)}
    scores = np.zeros((len(answers), len(names)), dtype=np.float32)
    scores[np.arange(len(answers)), [codes[answer.inference] for answer in answers]] = 1
    labels = np.array([codes[answer.truth] for answer in answers], dtype=np.float64)
    return Multiclass(tuple(names)), labels, scores, COUNTED


def _same(text: str, label: str) -> bool:
    """1.0 is 1, whichever way it was written."""
    if text == label:
        return True
    try:
        return float(text) == float(label)
    except ValueError:
        return False


def _number(cell: Any) -> float:
    number = float(cell)
    if not math.isfinite(number):
        raise UnreadableLine(f"{cell!r} is no number")
    return number


def _violations(constraints: Mapping[str, Any], metrics: Mapping[str, Any]) -> Iterator[Document]:
    for name, constraint in constraints.items():
        found = metrics.get(name, {}).get("value")
        if found is None:
            print(f"The metric {name} of the constraints could not be measured: it is left out.", flush=True)
            continue
        operator, threshold = constraint["comparison_operator"], float(constraint["threshold"])
        if (operator == BELOW and found < threshold) or (operator == ABOVE and found > threshold):
            way = "below" if operator == BELOW else "above"
            yield {
                "metric_name": name,
                "constraint_check_type": operator,
                "description": f"{name} is {found:.6g}, {way} the threshold {threshold:.6g}.",
            }
