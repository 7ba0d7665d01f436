"""A search's best model goes on only if it beats the baseline, and what was tried is kept."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.select_model.request import SelectRequest
from functions.select_model.select_model import SelectModel
from sluice.aws.training_jobs import TrainingJobs
from tests.fakes.sagemaker_jobs import FakeSageMaker
from tests.unit.functions.conftest import BUCKET, StageUnderTest

START = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
MODELS = f"s3://{BUCKET}/models/churn/runs/r1/model/search/"
URI = f"s3://{BUCKET}/models/churn/runs/r1/tuning/"


def trial(number: int, objective: float | None, status: str = "Completed") -> dict[str, Any]:
    found: dict[str, Any] = {
        "TrainingJobName": f"search-{number:03}",
        "TrainingJobStatus": status,
        "TunedHyperParameters": {"eta": f"0.{number}"},
        "CreationTime": START + timedelta(seconds=number),
        "TrainingStartTime": START + timedelta(seconds=number),
        "TrainingEndTime": START + timedelta(seconds=number + 10),
    }
    if objective is not None:
        metric = {"MetricName": "validation:auc", "Value": objective}
        found["FinalHyperParameterTuningJobObjectiveMetric"] = metric
    return found


def searched(best: int | None, trials: list[dict[str, Any]]) -> FakeSageMaker:
    fake = FakeSageMaker()
    described: dict[str, Any] = {
        "HyperParameterTuningJobArn": "arn:search",
        "HyperParameterTuningJobStatus": "Completed",
    }
    if best is not None:
        name = f"search-{best:03}"
        described["BestTrainingJob"] = {"TrainingJobName": name}
        fake.training_jobs[name] = {
            "TrainingJobArn": f"arn:{name}",
            "ModelArtifacts": {"S3ModelArtifacts": f"{MODELS}{name}.tar.gz"},
            "HyperParameters": {"eta": f"0.{best}", "algorithm": "xgboost"},
        }
    fake.tuning_jobs["search"], fake.trials["search"] = described, trials
    return fake


def request(reached: float | None, warm_start: dict[str, Any] | None = None) -> SelectRequest:
    objective = {"Type": "Maximize", "MetricName": "validation:auc"}
    metrics = [] if reached is None else [{"MetricName": "validation:auc", "Value": reached}]
    return SelectRequest.model_validate(
        {
            "search": {
                "job_name": "search",
                "config": {"Strategy": "Bayesian", "HyperParameterTuningJobObjective": objective},
                "warm_start": warm_start,
                "ranges": {"eta": {"type": "continuous", "min": 0.1, "max": 0.9, "scaling": "Auto"}},
            },
            "baseline": {
                "job_name": "baseline",
                "job_arn": "arn:baseline",
                "model_uri": "s3://b/baseline.tar.gz",
                "hyperparameters": {"eta": "0.1"},
                "hyperparameters_of": "champion",
                "metrics": metrics,
            },
            "models_uri": MODELS,
            "tuning_uri": URI,
        }
    )


def select(stage: StageUnderTest, fake: FakeSageMaker, wanted: SelectRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    client: Any = fake
    answer = SelectModel(stage.objects, TrainingJobs(client)).handle(wanted)
    return answer, json.loads(stage.objects.read("models/churn/runs/r1/tuning/tuning.json"))


def test_the_best_trial_goes_on_where_it_beats_the_baseline(stage: StageUnderTest) -> None:
    trials = [trial(3, 0.82), trial(1, 0.80), trial(2, None, "Failed"), trial(4, 0.81, "Stopped")]

    answer, document = select(stage, searched(3, trials), request(0.81))

    assert answer == {
        "training": {
            "job_name": "search-003",
            "job_arn": "arn:search-003",
            "model_uri": f"{MODELS}search-003.tar.gz",
            "hyperparameters": {"eta": "0.3", "algorithm": "xgboost"},
        },
        "tuning": {"uri": f"{URI}tuning.json"},
        "seconds": 40.0,
    }
    assert document["counts"] == {"completed": 2, "stopped": 1, "failed": 1}
    assert [one["job"] for one in document["trials"]] == ["search-001", "search-002", "search-003", "search-004"]
    assert (document["chosen"], document["best"]["objective"]) == ("tuned", 0.82)
    assert "0.820000 against 0.810000" in document["reason"]


@pytest.mark.parametrize("reached", [0.82, 0.83])
def test_a_search_that_does_not_beat_the_baseline_was_for_nothing(stage: StageUnderTest, reached: float) -> None:
    answer, document = select(stage, searched(1, [trial(1, 0.82)]), request(reached))

    assert answer["training"]["job_name"] == "baseline"
    assert document["chosen"] == "baseline"
    assert document["baseline"]["source"] == "champion"


def test_a_baseline_that_told_nothing_does_not_hold_a_search_back(stage: StageUnderTest) -> None:
    answer, _ = select(stage, searched(1, [trial(1, 0.5)]), request(None))

    assert answer["training"]["job_name"] == "search-001"


def test_without_a_best_job_the_baseline_is_used(stage: StageUnderTest) -> None:
    answer, document = select(stage, searched(None, [trial(1, None, "Stopped")]), request(0.7))

    assert answer["training"]["job_name"] == "baseline"
    assert document["best"] is None
    assert "No tuned job told its validation:auc" in document["reason"]


def test_where_a_search_began_is_kept(stage: StageUnderTest) -> None:
    warm_start = {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "older"}],
    }

    _, document = select(stage, searched(1, [trial(1, 0.8)]), request(0.7, warm_start))

    assert document["warm_start"] == {"type": "TransferLearning", "job": "older"}


def test_the_models_that_were_not_chosen_expire(stage: StageUnderTest) -> None:
    folder = "models/churn/runs/r1/model/"
    for name in ("baseline.tar.gz", "search/search-001.tar.gz", "search/search-002.tar.gz"):
        stage.put(f"{folder}{name}", "model")

    select(stage, searched(2, [trial(1, 0.8), trial(2, 0.9)]), request(0.7))

    def tags(name: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = stage.s3.get_object_tagging(Bucket=BUCKET, Key=f"{folder}{name}")["TagSet"]
        return found

    assert tags("search/search-001.tar.gz") == [{"Key": "sluice:kind", "Value": "intermediate"}]
    assert tags("search/search-002.tar.gz") == tags("baseline.tar.gz") == []
