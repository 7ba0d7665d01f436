"""A search beside its baseline, from the upload to the version that it makes."""

import json
from typing import Any

from tests.e2e.trained_model import TrainedModel
from tests.waiting import eventually

RANGES = {
    "eta": {"type": "continuous", "min": 0.05, "max": 0.5, "scaling": "Logarithmic"},
    "max_depth": {"type": "integer", "min": 1, "max": 4},
}
SEARCH: dict[str, Any] = {"enabled": True, "ranges": RANGES, "max_jobs": 4, "parallel_jobs": 2}
# So poor that any trial beats it.
POOR = {"hyperparameters": {"num_round": 1, "max_depth": 1, "eta": 0.0001}}
GOOD = {"hyperparameters": {"num_round": 20, "max_depth": 3}}


def tuning_of(model: TrainedModel, run: dict[str, Any]) -> dict[str, Any]:
    uri = f"s3://{model.stage.bucket}/models/{model.name}/runs/{run['run_id']}/tuning/tuning.json"
    document: dict[str, Any] = json.loads(model.read(uri))
    return document


def test_a_search_trains_many_registers_the_best_and_goes_on_next_time(model: TrainedModel) -> None:
    run = model.train(training=POOR, tuning=SEARCH)
    found = tuning_of(model, run)
    sagemaker = model.client("sagemaker")

    assert found["chosen"] == "tuned", found["reason"]
    assert found["counts"] == {"completed": 4, "stopped": 0, "failed": 0}
    assert found["baseline"]["source"] == "definition"
    assert found["best"]["objective"] == max(trial["objective"] for trial in found["trials"])
    for trial in found["trials"]:
        assert 0.05 <= float(trial["hyperparameters"]["eta"]) <= 0.5
        assert int(trial["hyperparameters"]["max_depth"]) in range(1, 5)
    described = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=found["job"])
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    package = sagemaker.describe_model_package(ModelPackageName=run["package_arn"])
    assert package["CustomerMetadataProperties"]["training_job"] == found["best"]["job"]
    (container,) = package["InferenceSpecification"]["Containers"]
    best = sagemaker.describe_training_job(TrainingJobName=found["best"]["job"])
    assert container["ModelDataUrl"] == best["ModelArtifacts"]["S3ModelArtifacts"]
    model.deploy(run["package_arn"])

    again = model.train(training=GOOD, tuning={**SEARCH, "max_jobs": 2, "warm_start": {}})

    second = tuning_of(model, again)
    assert second["warm_start"] == {"type": "TransferLearning", "job": found["job"]}
    assert second["baseline"]["source"] == "champion"
    assert second["baseline"]["hyperparameters"]["eta"] == found["best"]["hyperparameters"]["eta"]
    assert again["version"] == 2


def test_stopping_a_run_stops_its_search(model: TrainedModel) -> None:
    endless = {"hyperparameters": {"num_round": 100_000, "early_stopping_rounds": 100_000}}
    model.define(training=endless, tuning=SEARCH)
    model.upload()
    sagemaker = model.client("sagemaker")

    def search() -> Any:
        (execution,) = model.executions()
        name = execution["name"]
        found = sagemaker.list_hyper_parameter_tuning_jobs(SortBy="CreationTime", SortOrder="Descending")
        for summary in found["HyperParameterTuningJobSummaries"]:
            tags = sagemaker.list_tags(ResourceArn=summary["HyperParameterTuningJobArn"])["Tags"]
            if any(tag["Value"].endswith(f":{name}") for tag in tags):
                job = summary["HyperParameterTuningJobName"]
                return sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
        return None

    eventually(lambda: (found := search()) and found["TrainingJobStatusCounters"]["InProgress"] > 0, "trials run")
    (execution,) = model.executions()

    model.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])

    eventually(lambda: search()["HyperParameterTuningJobStatus"] == "Stopped", "the search stops")
    eventually(lambda: "RUN_FAILED" in model.actions(), "the run ends")


def test_a_warm_start_from_nothing_is_refused_with_its_path(model: TrainedModel) -> None:
    model.define(tuning={**SEARCH, "warm_start": {"job": "never-was"}})

    key = model.upload()
    (execution,) = model.ended()

    assert execution["status"] == "FAILED"
    assert "tuning.warm_start.job: there is no tuning job never-was" in execution["cause"]
    assert any(key.rpartition("/")[2] in kept for kept in model.keys("quarantine/"))
