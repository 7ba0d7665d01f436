"""SageMaker's memory of jobs and packages, as the adapters ask for it: what a test puts in is what is known."""

from typing import Any

from tests.fakes.aws_clients import client_error


class FakeSageMaker:
    def __init__(self) -> None:
        self.training_jobs: dict[str, dict[str, Any]] = {}
        self.tuning_jobs: dict[str, dict[str, Any]] = {}
        self.trials: dict[str, list[dict[str, Any]]] = {}
        self.packages: dict[str, dict[str, Any]] = {}
        self.transform_jobs: dict[str, dict[str, Any]] = {}

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        if TrainingJobName not in self.training_jobs:
            raise client_error("ValidationException", "Requested resource not found.", "DescribeTrainingJob")
        return self.training_jobs[TrainingJobName]

    def describe_hyper_parameter_tuning_job(self, HyperParameterTuningJobName: str) -> dict[str, Any]:
        if HyperParameterTuningJobName not in self.tuning_jobs:
            message = "Amazon SageMaker can't find a tuning job with this name"
            raise client_error("ResourceNotFound", message, "DescribeHyperParameterTuningJob")
        return self.tuning_jobs[HyperParameterTuningJobName]

    def describe_transform_job(self, TransformJobName: str) -> dict[str, Any]:
        if TransformJobName not in self.transform_jobs:
            message = f"Could not find requested job with name: {TransformJobName}"
            raise client_error("ValidationException", message, "DescribeTransformJob")
        return self.transform_jobs[TransformJobName]

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:
        return self.packages[ModelPackageName]

    def get_paginator(self, operation: str) -> "_Pages":
        assert operation == "list_training_jobs_for_hyper_parameter_tuning_job"
        return _Pages(self)


class _Pages:
    """Two trials to a page: whoever reads only the first page is found out."""

    def __init__(self, fake: FakeSageMaker) -> None:
        self._fake = fake

    def paginate(self, HyperParameterTuningJobName: str, PaginationConfig: dict[str, int]) -> Any:
        trials = self._fake.trials[HyperParameterTuningJobName]
        for start in range(0, len(trials), 2):
            yield {"TrainingJobSummaries": trials[start : start + 2]}
