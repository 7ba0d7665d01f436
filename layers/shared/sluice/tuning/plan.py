"""The parameters of a run's tuning job, in the words of CreateHyperParameterTuningJob."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.definition import Model
from sluice.definition.ranges import CategoricalRange, ContinuousRange, IntegerRange
from sluice.definition.tuning import DEFAULT_ROUNDS, OBJECTIVES, Tuning


@dataclass(frozen=True)
class TuningStep:
    job_name: str
    config: Mapping[str, Any]
    """HyperParameterTuningJobConfig, whole."""
    warm_start: Mapping[str, Any] | None
    """WarmStartConfig."""
    static_hyperparameters: Mapping[str, str]
    ranges: Mapping[str, Any]
    """As the definition has them: what the report shows."""
    max_jobs: int


@dataclass(frozen=True)
class EarlierSearch:
    """step: the plan's, where a run of this model planned it; None of a job that the definition names."""

    job_name: str
    step: Mapping[str, Any] | None = None


def plan_tuning(name: str, definition: Model, static: Mapping[str, str], parent: EarlierSearch | None) -> TuningStep:
    """static: what every job gets as it is. parent: the tuning job that a warm start goes on from, if it can."""
    tuning = definition.tuning
    ranges = tuning.ranges_for(definition.training.algorithm)
    config = _config(definition, ranges)
    if parent is not None and parent.step is not None and not _goes_on_from(parent.step, config, static, ranges):
        parent = None
    return TuningStep(
        job_name=name,
        config=config,
        warm_start=_warm_start(tuning, parent),
        static_hyperparameters=static,
        ranges={key: one.model_dump(mode="json") for key, one in ranges.items()},
        max_jobs=tuning.combinations if tuning.strategy == "Grid" else tuning.max_jobs,
    )


Ranges = Mapping[str, IntegerRange | ContinuousRange | CategoricalRange]


def _config(definition: Model, ranges: Ranges) -> dict[str, Any]:
    tuning = definition.tuning
    metric = tuning.objective_for(definition.data.task)
    config: dict[str, Any] = {
        "Strategy": tuning.strategy,
        "HyperParameterTuningJobObjective": {"Type": OBJECTIVES[definition.data.task][metric], "MetricName": metric},
        "ResourceLimits": {"MaxParallelTrainingJobs": tuning.parallel_jobs},
        "ParameterRanges": _parameter_ranges(ranges),
        "TrainingJobEarlyStoppingType": tuning.early_stopping,
        "RandomSeed": tuning.seed,
    }
    if tuning.strategy == "Grid":
        config["ResourceLimits"]["MaxParallelTrainingJobs"] = min(tuning.parallel_jobs, tuning.combinations)
    else:
        config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = tuning.max_jobs
    rounds = rounds_of_hyperband(definition)
    if rounds is not None:
        config["StrategyConfig"] = {"HyperbandStrategyConfig": _hyperband(definition, rounds)}
    return config


def rounds_of_hyperband(definition: Model) -> int | None:
    """How many rounds a job of Hyperband trains at most; None for another strategy."""
    tuning = definition.tuning
    if tuning.strategy != "Hyperband":
        return None
    longest = tuning.hyperband.max_resource if tuning.hyperband else None
    return longest or int(definition.training.hyperparameters.get("num_round", DEFAULT_ROUNDS))


def _hyperband(definition: Model, longest: int) -> dict[str, int]:
    chosen = definition.tuning.hyperband
    shortest = chosen.min_resource if chosen else min(10, longest)
    # A job that comes to MaxResource is stopped, and would lose its model: train.py ends by itself after its rounds,
    # of which it tells the best one twice.
    reserve = 0 if definition.training.algorithm == "custom" else 2
    return {"MinResource": shortest, "MaxResource": longest + reserve}


def _parameter_ranges(ranges: Ranges) -> dict[str, list[dict[str, Any]]]:
    """By kind; numbers are sent as text."""
    kinds: dict[str, list[dict[str, Any]]] = {
        "IntegerParameterRanges": [],
        "ContinuousParameterRanges": [],
        "CategoricalParameterRanges": [],
    }
    for name, one in ranges.items():
        if isinstance(one, CategoricalRange):
            kinds["CategoricalParameterRanges"].append({"Name": name, "Values": [str(value) for value in one.values]})
        else:
            kind = "IntegerParameterRanges" if isinstance(one, IntegerRange) else "ContinuousParameterRanges"
            bounds = {"MinValue": str(one.min), "MaxValue": str(one.max)}
            kinds[kind].append({"Name": name, **bounds, "ScalingType": one.scaling})
    return {kind: found for kind, found in kinds.items() if found}


def _goes_on_from(
    earlier: Mapping[str, Any], config: Mapping[str, Any], static: Mapping[str, str], ranges: Ranges
) -> bool:
    """SageMaker refuses a warm start with another objective, or with more or fewer hyperparameters in all.

    Source: Developer Guide, "Run a Warm Start Hyperparameter Tuning Job", restrictions.
    """
    objective = "HyperParameterTuningJobObjective"
    hyperparameters = len(earlier["static_hyperparameters"]) + len(earlier["ranges"])
    return bool(earlier["config"][objective] == config[objective]) and hyperparameters == len(static) + len(ranges)


def _warm_start(tuning: Tuning, parent: EarlierSearch | None) -> dict[str, Any] | None:
    if tuning.warm_start is None or parent is None:
        return None
    return {
        "WarmStartType": tuning.warm_start.type,
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent.job_name}],
    }
