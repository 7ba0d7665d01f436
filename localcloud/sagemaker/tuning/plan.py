"""What a tuning job is asked to do, read from its request: what SageMaker or the local cloud refuses ends here."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from localcloud.sagemaker.jobs.checks import invalid, not_implemented, refuse, require
from localcloud.sagemaker.tuning.built_in import metric_definitions
from localcloud.sagemaker.tuning.ranges import CategoricalRange, Range, combinations, read_ranges

Strategy = Literal["Bayesian", "Random", "Hyperband", "Grid"]

# SageMaker gives every training job this hyperparameter; the training toolkit keeps it from the script.
OBJECTIVE_HYPERPARAMETER: Final = "_tuning_objective_metric"
# Where Hyperband looks for MaxResource when it is not given, by the API reference of HyperbandStrategyConfig.
_EPOCHS: Final = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
_MAX_EPOCHS: Final = 20_000
_MAX_HYPERPARAMETERS: Final = 100
# Of our own: a grid is laid out in memory.
_MAX_COMBINATIONS: Final = 1000


@dataclass(frozen=True)
class TuningPlan:
    """`jobs`: how many training jobs at most. Hyperband's resources are values of the objective that a job emits."""

    ranges: tuple[Range, ...]
    strategy: Strategy
    metric: str
    maximize: bool
    jobs: int
    parallel: int
    seed: int
    early_stopping: bool = False
    min_resource: int = 1
    max_resource: int = 1
    max_seconds: float | None = None


def read_plan(request: Mapping[str, Any]) -> TuningPlan:
    """Raises ValidationException. Says nothing of the training jobs themselves, nor of parents."""
    refuse(request, ("TrainingJobDefinitions", "Autotune"))
    config = request["HyperParameterTuningJobConfig"]
    where = "HyperParameterTuningJobConfig"
    refuse(config, ("TuningJobCompletionCriteria",), f"{where}.")
    definition = require(request, "TrainingJobDefinition")
    objective = _objective(request, definition)
    require(request, where, "ParameterRanges")
    refuse(config["ParameterRanges"], ("AutoParameters",), "ParameterRanges.")
    ranges = read_ranges(config["ParameterRanges"])
    _check_names(ranges, definition.get("StaticHyperParameters", {}))
    strategy, limits = config["Strategy"], config["ResourceLimits"]
    jobs = _number_of_jobs(strategy, limits, ranges)
    low, high = _resources(config, definition.get("StaticHyperParameters", {}))
    return TuningPlan(
        ranges=ranges,
        strategy=strategy,
        metric=objective["MetricName"],
        maximize=objective["Type"] == "Maximize",
        jobs=jobs,
        parallel=min(limits["MaxParallelTrainingJobs"], jobs),
        seed=_seed(request),
        early_stopping=_early_stopping(config),
        min_resource=low,
        max_resource=high,
        max_seconds=limits.get("MaxRuntimeInSeconds"),
    )


def _objective(request: Mapping[str, Any], definition: Mapping[str, Any]) -> Mapping[str, Any]:
    where = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective"
    objective: Mapping[str, Any] = require(request, *where.split("."))
    refuse(definition, ("TuningObjective", "HyperParameterRanges"), "TrainingJobDefinition.")
    if "HyperParameterTuningResourceConfig" in definition:
        raise not_implemented("TrainingJobDefinition.HyperParameterTuningResourceConfig", "use ResourceConfig")
    refuse(definition["AlgorithmSpecification"], ("AlgorithmName",), "TrainingJobDefinition.AlgorithmSpecification.")
    defined = [one["Name"] for one in metric_definitions(definition["AlgorithmSpecification"])]
    if objective["MetricName"] not in defined:
        raise invalid(
            f"{where}.MetricName is {objective['MetricName']}; TrainingJobDefinition.AlgorithmSpecification."
            f"MetricDefinitions has {', '.join(defined) or 'none'}. Define the regex of the objective metric there."
        )
    return objective


def _check_names(ranges: Sequence[Range], static: Mapping[str, str]) -> None:
    for name in (one.name for one in ranges):
        if name in static:
            raise invalid(f"The hyperparameter {name} is in ParameterRanges and in StaticHyperParameters: drop one")
    if OBJECTIVE_HYPERPARAMETER in {*static, *(one.name for one in ranges)}:
        raise invalid(f"The hyperparameter {OBJECTIVE_HYPERPARAMETER} is SageMaker's own; leave it out")
    total = len(ranges) + len(static) + 1
    if total > _MAX_HYPERPARAMETERS:
        raise invalid(f"A training job has at most {_MAX_HYPERPARAMETERS} hyperparameters; this makes {total}")


def _number_of_jobs(strategy: Strategy, limits: Mapping[str, Any], ranges: Sequence[Range]) -> int:
    jobs: int | None = limits.get("MaxNumberOfTrainingJobs")
    if strategy == "Grid":
        size = _grid_size(ranges)
        if jobs not in (None, size):
            raise invalid(
                f"ResourceLimits.MaxNumberOfTrainingJobs is {jobs}, and the grid has {size} combinations: leave it out "
                f"or set it to {size}"
            )
        return size
    if jobs is None:
        raise invalid(f"ResourceLimits.MaxNumberOfTrainingJobs is required for the strategy {strategy}")
    if limits["MaxParallelTrainingJobs"] > jobs:
        raise invalid(
            f"ResourceLimits.MaxParallelTrainingJobs is {limits['MaxParallelTrainingJobs']}; it cannot be greater than "
            f"MaxNumberOfTrainingJobs, {jobs}"
        )
    return jobs


def _grid_size(ranges: Sequence[Range]) -> int:
    categorical = [one for one in ranges if isinstance(one, CategoricalRange)]
    for one in ranges:
        if not isinstance(one, CategoricalRange):
            raise invalid(f"The strategy Grid takes categorical ranges only; {one.name} is another: list its values")
    size = combinations(categorical)
    if size > _MAX_COMBINATIONS:
        raise invalid(f"The grid has {size} combinations; the local cloud runs at most {_MAX_COMBINATIONS}")
    return size


def _resources(config: Mapping[str, Any], static: Mapping[str, str]) -> tuple[int, int]:
    """Hyperband's MinResource and MaxResource."""
    given = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    if config["Strategy"] != "Hyperband":
        if config.get("StrategyConfig"):
            raise invalid(f"StrategyConfig is for the strategy Hyperband; the strategy is {config['Strategy']}")
        return 1, 1
    where = "StrategyConfig.HyperbandStrategyConfig"
    high = given.get("MaxResource") or _inferred_epochs(static, where)
    if high > _MAX_EPOCHS:
        raise invalid(f"{where}.MaxResource is {high}; it can be at most {_MAX_EPOCHS}")
    low = given.get("MinResource", 1)
    if low > high:
        raise invalid(f"{where}.MinResource {low} is greater than MaxResource {high}")
    return low, high


def _inferred_epochs(static: Mapping[str, str], where: str) -> int:
    for name in _EPOCHS:
        text = static.get(name, "").strip('"')
        if text.isdigit() and int(text) > 0:
            return int(text)
    raise invalid(
        f"{where}.MaxResource is required: none of the static hyperparameters {', '.join(_EPOCHS)} tells it. It is the "
        f"number of values of the objective metric that one training job emits, such as its epochs."
    )


def _early_stopping(config: Mapping[str, Any]) -> bool:
    auto: bool = config.get("TrainingJobEarlyStoppingType", "Off") == "Auto"
    if auto and config["Strategy"] == "Hyperband":
        raise invalid("TrainingJobEarlyStoppingType must be Off with the strategy Hyperband, which stops jobs itself")
    return auto


def _seed(request: Mapping[str, Any]) -> int:
    """Without RandomSeed another one for each tuning job: a second one must not repeat the first one's draws."""
    given: int | None = request["HyperParameterTuningJobConfig"].get("RandomSeed")
    if given is None:
        return zlib.crc32(request["HyperParameterTuningJobName"].encode())
    return given % 2**32
