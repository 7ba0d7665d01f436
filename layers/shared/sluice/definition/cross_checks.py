"""What no section can see alone: whether the sections fit together. Paths are those of the whole definition."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sluice.definition.data import Data
from sluice.definition.evaluation import EvaluationPolicy
from sluice.definition.gate import METRICS_OF_TASK
from sluice.definition.hyperparameters import HYPERPARAMETERS, unknown_hyperparameter
from sluice.definition.problems import FieldProblem
from sluice.definition.ranges import TUNABLE, Range
from sluice.definition.training import Training
from sluice.definition.tuning import DEFAULT_ROUNDS, OBJECTIVES

if TYPE_CHECKING:
    from sluice.definition.model import Model


def problems_between_sections(model: "Model") -> Iterator[FieldProblem]:
    yield from _gate(model)
    yield from _training(model.data, model.training)
    yield from _tuning(model)
    yield from _evaluation(model.data, model.training, model.evaluation)
    yield from _monitoring(model)
    if model.processing.instance_count > 1 and model.data.mode == "snapshot":
        yield FieldProblem(
            "processing.instance_count",
            f"is {model.processing.instance_count}, but a snapshot is one file, which one instance reads: write 1, "
            "or data.mode: append",
        )


def _gate(model: "Model") -> Iterator[FieldProblem]:
    gate, task = model.gate, model.data.task
    known = METRICS_OF_TASK[task]
    named = [(f"gate.metrics.{name}", name) for name in gate.metrics]
    named += [
        (f"gate.{rule}.metric", section.metric)
        for rule, section in (("champion", gate.champion), ("slices", gate.slices))
        if section is not None
    ]
    for path, name in named:
        if name not in known:
            yield FieldProblem(path, f"{name} is no metric of a {task} task; write one of {', '.join(known)}")
    if gate.slices is not None and not model.evaluation.slices:
        yield FieldProblem("gate.slices", "needs slices to judge: name columns in evaluation.slices, or remove it")
    if gate.calibration is not None and task != "binary":
        yield FieldProblem("gate.calibration", f"is for binary tasks only, and data.task is {task}: remove it")


def _monitoring(model: "Model") -> Iterator[FieldProblem]:
    monitoring, deployment = model.monitoring, model.deployment
    known = METRICS_OF_TASK[model.data.task]
    metric = monitoring.model_quality.metric
    if metric is not None and metric not in known:
        yield FieldProblem(
            "monitoring.model_quality.metric",
            f"{metric} is no metric of a {model.data.task} task; write one of {', '.join(known)}",
        )
    if monitoring.enabled and deployment.mode != "asynchronous" and deployment.capture is None:
        yield FieldProblem(
            "monitoring.enabled", "checks what was captured, and deployment captures nothing: write capture: {} there"
        )


def _tuning(model: "Model") -> Iterator[FieldProblem]:
    tuning, training = model.tuning, model.training
    objectives = OBJECTIVES[model.data.task]
    if tuning.objective is not None and tuning.objective not in objectives:
        yield FieldProblem(
            "tuning.objective",
            f"{tuning.objective} is emitted by no training job of a {model.data.task} task; write "
            f"{' or '.join(objectives)}",
        )
    if tuning.enabled and training.algorithm == "custom" and not tuning.ranges:
        yield FieldProblem("tuning.ranges", "is missing: what to search is your image's, which has no usual ranges")
    if tuning.enabled and training.algorithm == "sklearn-random-forest":
        yield FieldProblem(
            "tuning.enabled",
            "a forest is trained in SageMaker's XGBoost image, which searches XGBoost's hyperparameters only: write "
            "false, or algorithm custom with an image of your own",
        )
    if tuning.strategy == "Hyperband":
        yield from _hyperband(model)
    for name, one in tuning.ranges.items():
        problem = _range_problem(training.algorithm, name, one)
        if problem is not None:
            yield FieldProblem(f"tuning.ranges.{name}", problem)


def _hyperband(model: "Model") -> Iterator[FieldProblem]:
    tuning, training = model.tuning, model.training
    rounds = tuning.hyperband.max_resource if tuning.hyperband else None
    if tuning.enabled and training.algorithm == "custom" and rounds is None:
        yield FieldProblem("tuning.hyperband.max_resource", "is missing: how long your image's jobs run is not known")
    if "num_round" in tuning.ranges:
        yield FieldProblem("tuning.ranges.num_round", "Hyperband itself decides how many rounds a job gets: remove it")
    longest = rounds or int(training.hyperparameters.get("num_round", DEFAULT_ROUNDS))
    if tuning.hyperband and rounds is None and tuning.hyperband.min_resource > longest:
        yield FieldProblem(
            "tuning.hyperband.min_resource",
            f"is {tuning.hyperband.min_resource}, more than the {longest} rounds of a job: write less, or max_resource",
        )


def _range_problem(algorithm: str, name: str, one: Range) -> str | None:
    unknown = unknown_hyperparameter(algorithm, name)
    if unknown is not None or algorithm == "custom":
        return unknown
    if name not in TUNABLE:
        return f"SageMaker's XGBoost image searches {', '.join(TUNABLE)} only: set it in training.hyperparameters"
    taken = HYPERPARAMETERS[algorithm][name]
    if one.type == "categorical":
        return next((problem for problem in map(taken.problem, one.values) if problem), None)
    if one.type == "continuous" and taken.kind == "integer":
        return f"takes whole numbers: write type: integer with min: {round(one.min)} and max: {round(one.max)}"
    return next((f"{end} {problem}" for end in ("min", "max") if (problem := taken.problem(getattr(one, end)))), None)


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
