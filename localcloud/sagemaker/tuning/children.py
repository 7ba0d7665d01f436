"""The training jobs of a tuning job, as requests."""

import secrets
from collections.abc import Mapping
from typing import Any

from localcloud.sagemaker.tuning.built_in import metric_definitions
from localcloud.sagemaker.tuning.plan import OBJECTIVE_HYPERPARAMETER

# Members of a definition that a training job has under the same name.
_SAME = (
    "RoleArn", "InputDataConfig", "VpcConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition",
    "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "CheckpointConfig",
    "RetryStrategy", "Environment",
)  # fmt: skip


def child_name(tuning_job_name: str, number: int) -> str:
    """`<tuning job>-007-0a1b2c3d`; `number` counts from 1."""
    return f"{tuning_job_name}-{number:03d}-{secrets.token_hex(4)}"


def definition_held(request: Mapping[str, Any]) -> dict[str, Any]:
    """The definition as SageMaker describes it, with the hyperparameter and the metrics that it adds."""
    definition = request["TrainingJobDefinition"]
    metric = request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
    static = {OBJECTIVE_HYPERPARAMETER: metric, **definition.get("StaticHyperParameters", {})}
    specification = definition["AlgorithmSpecification"]
    metrics = list(metric_definitions(specification))
    known = {**specification, "MetricDefinitions": metrics} if metrics else specification
    return {**definition, "AlgorithmSpecification": known, "StaticHyperParameters": static}


def child_request(request: Mapping[str, Any], name: str, tuned: Mapping[str, str]) -> dict[str, Any]:
    """CreateTrainingJob of one child, from CreateHyperParameterTuningJob. Its tags are the tuning job's."""
    definition = definition_held(request)
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": definition["AlgorithmSpecification"],
        "HyperParameters": {**definition["StaticHyperParameters"], **tuned},
        **{member: definition[member] for member in _SAME if member in definition},
        **({"Tags": request["Tags"]} if "Tags" in request else {}),
    }
