"""Warm start: what a tuning job takes over from earlier ones.

Source of the restrictions: SageMaker Developer Guide, "Run a Warm Start Hyperparameter Tuning Job". Not checked is that
static hyperparameters may change in ten values at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.sagemaker.jobs.checks import invalid, unique
from localcloud.sagemaker.jobs.records import TERMINAL
from localcloud.sagemaker.tuning.outcome import Summary, best
from localcloud.sagemaker.tuning.plan import OBJECTIVE_HYPERPARAMETER
from localcloud.sagemaker.tuning.ranges import types


@dataclass(frozen=True)
class Parent:
    """An earlier tuning job: its description and its training jobs."""

    description: Mapping[str, Any]
    summaries: Sequence[Summary]

    @property
    def name(self) -> str:
        name: str = self.description["HyperParameterTuningJobName"]
        return name


@dataclass(frozen=True)
class Lesson:
    """All hyperparameters of one earlier training job, and the value of its objective."""

    hyperparameters: Mapping[str, str]
    value: float


def parent_names(request: Mapping[str, Any]) -> list[str]:
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    names = [one.get("HyperParameterTuningJobName", "") for one in parents]
    if "" in names:
        raise invalid("WarmStartConfig.ParentHyperParameterTuningJobs: HyperParameterTuningJobName is required")
    unique(names, "WarmStartConfig.ParentHyperParameterTuningJobs")
    return names


def check(request: Mapping[str, Any], parent: Parent) -> None:
    """ValidationException when the parent has not ended, or searched for something else."""
    status = parent.description["HyperParameterTuningJobStatus"]
    if status not in TERMINAL:
        raise invalid(f"The parent tuning job {parent.name} is {status}; it must have ended: wait for it, or stop it")
    objectives = [_objective(one) for one in (request, parent.description)]
    if objectives[0] != objectives[1]:
        raise invalid(
            f"The objective of the parent tuning job {parent.name} is {' '.join(objectives[1])}; that of a warm start "
            f"must be the same, and is {' '.join(objectives[0])}"
        )
    _check_hyperparameters(request, parent)


def lessons(parents: Sequence[Parent]) -> list[Lesson]:
    """Each training job that has a value, with its static hyperparameters: they may be searched now."""
    return [
        Lesson(
            {
                **parent.description["TrainingJobDefinition"].get("StaticHyperParameters", {}),
                **one["TunedHyperParameters"],
            },
            one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"],
        )
        for parent in parents
        for one in parent.summaries
        if one["ObjectiveStatus"] == "Succeeded"
    ]


def overall_best(
    request: Mapping[str, Any], own: Sequence[Summary], parents: Sequence[Parent], *, maximize: bool
) -> Summary | None:
    """OverallBestTrainingJob: of this tuning job and its parents, where data and algorithm are the same."""
    if request.get("WarmStartConfig", {}).get("WarmStartType") != "IdenticalDataAndAlgorithm":
        return None
    named = [{**one, "TuningJobName": request["HyperParameterTuningJobName"]} for one in own]
    for parent in parents:
        named += [{**one, "TuningJobName": parent.name} for one in parent.summaries]
    return best(named, maximize=maximize)


def _objective(request: Mapping[str, Any]) -> tuple[str, str]:
    objective = request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    return objective["Type"], objective["MetricName"]


def _check_hyperparameters(request: Mapping[str, Any], parent: Parent) -> None:
    ours, theirs = (
        types(one["HyperParameterTuningJobConfig"]["ParameterRanges"]) for one in (request, parent.description)
    )
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name] != theirs[name]:
            raise invalid(
                f"The hyperparameter {name} is {ours[name]} here and {theirs[name]} in the parent tuning job "
                f"{parent.name}; its type must not change"
            )
    counts = [len(ours) + _static(request), len(theirs) + _static(parent.description)]
    if counts[0] != counts[1]:
        raise invalid(
            f"This tuning job has {counts[0]} static and tunable hyperparameters and its parent {parent.name} has "
            f"{counts[1]}; their number must be the same"
        )


def _static(request: Mapping[str, Any]) -> int:
    """Without the one that SageMaker adds."""
    static = request["TrainingJobDefinition"].get("StaticHyperParameters", {})
    return len(static.keys() - {OBJECTIVE_HYPERPARAMETER})
