"""What no section can see alone: whether the sections fit together. Paths are those of the whole definition."""

from collections.abc import Iterator

from sluice.definition.data import Data
from sluice.definition.evaluation import EvaluationPolicy
from sluice.definition.gate import METRICS_OF_TASK, Gate
from sluice.definition.problems import FieldProblem
from sluice.definition.processing import Processing
from sluice.definition.training import Training


def problems_between_sections(
    data: Data, processing: Processing, training: Training, evaluation: EvaluationPolicy, gate: Gate
) -> Iterator[FieldProblem]:
    yield from _gate(data, gate)
    yield from _training(data, training)
    yield from _evaluation(data, training, evaluation)
    if processing.instance_count > 1 and data.mode == "snapshot":
        yield FieldProblem(
            "processing.instance_count",
            f"is {processing.instance_count}, but a snapshot is one file, which one instance reads: write 1, "
            "or data.mode: append",
        )


def _gate(data: Data, gate: Gate) -> Iterator[FieldProblem]:
    known = METRICS_OF_TASK[data.task]
    named = [(f"gate.metrics.{name}", name) for name in gate.metrics]
    if gate.champion is not None:
        named.append(("gate.champion.metric", gate.champion.metric))
    for path, name in named:
        if name not in known:
            yield FieldProblem(path, f"{name} is no metric of a {data.task} task; write one of {', '.join(known)}")


def _training(data: Data, training: Training) -> Iterator[FieldProblem]:
    if data.task == "regression" and training.class_weight != "none":
        yield FieldProblem("training.class_weight", "a regression has no classes: remove it")
    for name in training.monotone_constraints:
        path = f"training.monotone_constraints.{name}"
        if name not in data.features:
            yield FieldProblem(path, "is not in data.features: correct the name or remove it")
        elif data.features[name].type != "numeric":
            yield FieldProblem(path, "is categorical, and categories have no order: remove it")


def _evaluation(data: Data, training: Training, evaluation: EvaluationPolicy) -> Iterator[FieldProblem]:
    if evaluation.threshold != "best-f1":
        if data.task != "binary":
            yield FieldProblem(
                "evaluation.threshold", f"is for binary tasks only, and data.task is {data.task}: remove it"
            )
        if training.algorithm == "custom":
            yield FieldProblem("evaluation.threshold", "is chosen by your image, in training.json: remove it")
    for name in evaluation.slices:
        if name in (data.target, data.key):
            role = "target" if name == data.target else "key"
            yield FieldProblem("evaluation.slices", f"{name!r} is the {role}, which makes no groups of rows: remove it")
        elif name not in data.columns:
            yield FieldProblem(
                "evaluation.slices", f"{name!r} is not a column of data: add it to data.drop, or remove it"
            )
