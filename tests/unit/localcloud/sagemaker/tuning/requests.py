"""The requests that the tests of tuning jobs start from."""

from typing import Any

from tests.unit.localcloud.sagemaker.jobs import requests as jobs

METRIC = "validation:score"
REGEX = r"validation-score:(\S+)"
RANGES: dict[str, Any] = {
    "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"}]
}
GRID: dict[str, Any] = {
    "CategoricalParameterRanges": [
        {"Name": "colour", "Values": ["red", "blue"]},
        {"Name": "size", "Values": ["1", "2", "3"]},
    ]
}


def tuning(name: str = "tune", **config: Any) -> dict[str, Any]:
    """CreateHyperParameterTuningJob; `config` replaces members of HyperParameterTuningJobConfig, `limits` some limits.

    `definition` replaces members of the training job's definition, `request` those of the request itself.
    """
    limits = {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1, **config.pop("limits", {})}
    held = {name: limit for name, limit in limits.items() if limit is not None}
    definition, request = config.pop("definition", {}), config.pop("request", {})
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": METRIC},
            "ResourceLimits": held,
            "ParameterRanges": RANGES,
            **{name: value for name, value in ({"RandomSeed": 7} | config).items() if value is not None},
        },
        "TrainingJobDefinition": _definition() | definition,
        **request,
    }


def _definition() -> dict[str, Any]:
    job = jobs.training()
    static = {name: value for name, value in job["HyperParameters"].items() if name.startswith("sagemaker_")}
    specification = job["AlgorithmSpecification"] | {"MetricDefinitions": [{"Name": METRIC, "Regex": REGEX}]}
    same = ("RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition")
    return {
        "AlgorithmSpecification": specification,
        "StaticHyperParameters": static,
        **{member: job[member] for member in same},
    }
