"""What a run is compared with, and what it goes on from."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.start_run.past import EarlierRuns, inherited
from sluice.aws.production import Deployment, ProductionRecord
from sluice.aws.registry import Registry
from sluice.aws.training_jobs import TrainingJobs
from sluice.definition import DefinitionError
from sluice.plan import Champion, Past, PreviousRun
from sluice.rollout import PackageRef
from sluice.tuning.plan import EarlierSearch
from tests.definitions import definition
from tests.fakes.sagemaker_jobs import FakeSageMaker
from tests.unit.functions.conftest import BUCKET, StageUnderTest

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sluice-dev-churn/1"
RUN = f"s3://{BUCKET}/models/churn/runs/r1/"
SENT = {"algorithm": "xgboost", "eta": "0.07", "seed": "7", "class_weight": "none", "sagemaker_program": "train.py"}


@dataclass
class Earlier:
    stage: StageUnderTest
    sagemaker: FakeSageMaker = field(default_factory=FakeSageMaker)

    def of(self, **changes: Any) -> Past:
        client: Any = self.sagemaker
        stage = self.stage
        found = EarlierRuns(stage.objects, stage.production, Registry(client), stage.runs, TrainingJobs(client))
        return found.of(definition(**changes))

    def champion(self) -> None:
        at = datetime(2026, 11, 20, tzinfo=UTC)
        deployment = Deployment(PackageRef(ARN, 1), "config", "c", "r", "me", at, "sluice-dev-churn", "serverless")
        assert self.stage.production.put(ProductionRecord("churn", live=deployment))
        self.sagemaker.training_jobs["job"] = {
            "TrainingJobArn": "arn",
            "ModelArtifacts": {"S3ModelArtifacts": f"{RUN}model/m.tar.gz"},
            "HyperParameters": SENT,
        }
        self.sagemaker.packages[ARN] = {
            "ModelPackageArn": ARN,
            "ModelPackageVersion": 1,
            "ModelPackageGroupName": "sluice-dev-churn",
            "ModelApprovalStatus": "Approved",
            "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": f"{RUN}model/m.tar.gz"}]},
            "ModelMetrics": {"ModelDataQuality": {"Statistics": {"S3Uri": f"{RUN}baseline/statistics.json"}}},
            "CustomerMetadataProperties": {"training_job": "job"},
        }

    def keep(self, *names: str) -> None:
        for name in names:
            self.stage.put(f"models/churn/runs/r1/{name}", "x")

    def run(self, run_id: str, succeeded: bool = True, **plan: Any) -> None:
        runs = self.stage.runs
        uris = {"codec": f"s3://{BUCKET}/models/churn/runs/{run_id}/codec/"}
        runs.start({"model": "churn", "run_id": run_id, "data_version": "d", "uris": uris, **plan}, f"arn:{run_id}")
        started = runs.get("churn", run_id)
        assert started is not None
        runs.finish(started, "SUCCEEDED" if succeeded else "FAILED", "pass", None, None)


@pytest.fixture
def earlier(stage: StageUnderTest) -> Earlier:
    return Earlier(stage)


def test_the_first_run_has_no_past(earlier: Earlier) -> None:
    assert earlier.of() == Past()


def test_what_the_champion_left_is_compared_with(earlier: Earlier) -> None:
    earlier.champion()
    earlier.keep("model/m.tar.gz", "baseline/statistics.json")

    assert earlier.of().champion == Champion(ARN, f"{RUN}model/m.tar.gz", f"{RUN}baseline/")


def test_what_is_gone_is_not_given_to_a_job(earlier: Earlier) -> None:
    earlier.champion()

    assert earlier.of().champion == Champion(ARN, None)


def test_a_search_is_measured_by_the_champions_hyperparameters(earlier: Earlier) -> None:
    earlier.champion()

    champion = earlier.of(tuning={"enabled": True}).champion

    assert champion is not None
    assert champion.hyperparameters == {"eta": "0.07"}


def test_hyperparameters_of_a_lost_job_are_not_taken(earlier: Earlier) -> None:
    earlier.champion()
    earlier.sagemaker.training_jobs.clear()

    champion = earlier.of(tuning={"enabled": True}).champion

    assert champion is not None
    assert champion.hyperparameters is None


def test_hyperparameters_of_another_algorithm_are_not_taken() -> None:
    assert inherited(SENT, "sklearn-random-forest") is None


def test_a_custom_images_hyperparameters_are_inherited_whole() -> None:
    sent = {"depth": "3", "algorithm": "mine", "_tuning_objective_metric": "validation:auc"}

    assert inherited(sent, "custom") == {"depth": "3", "algorithm": "mine"}


def test_the_last_run_that_succeeded_is_the_previous_one(earlier: Earlier) -> None:
    earlier.run("r1")
    earlier.run("r2", succeeded=False)
    earlier.keep("codec/counts.json")

    assert earlier.of().previous == PreviousRun("r1", f"{RUN}codec/counts.json")


def test_a_warm_start_goes_on_from_the_newest_search(earlier: Earlier) -> None:
    step = {"job_name": "sluice-dev-r1"}
    earlier.run("r1", tuning=step)
    earlier.run("r2", tuning=None)
    earlier.sagemaker.tuning_jobs["sluice-dev-r1"] = {"HyperParameterTuningJobStatus": "Completed"}
    warm = {"enabled": True, "warm_start": {}}

    assert earlier.of(tuning=warm).search == EarlierSearch("sluice-dev-r1", step)
    assert earlier.of(tuning={"enabled": True}).search is None
    earlier.sagemaker.tuning_jobs.clear()
    assert earlier.of(tuning=warm).search is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [(None, "there is no tuning job elsewhere"), ("InProgress", "has not ended yet")],
)
def test_a_named_search_must_exist_and_have_ended(earlier: Earlier, status: str | None, expected: str) -> None:
    if status:
        earlier.sagemaker.tuning_jobs["elsewhere"] = {"HyperParameterTuningJobStatus": status}

    with pytest.raises(DefinitionError, match=rf"tuning\.warm_start\.job: .*{expected}"):
        earlier.of(tuning={"enabled": True, "warm_start": {"job": "elsewhere"}})


def test_a_named_search_is_gone_on_from(earlier: Earlier) -> None:
    earlier.sagemaker.tuning_jobs["elsewhere"] = {"HyperParameterTuningJobStatus": "Stopped"}

    assert earlier.of(tuning={"enabled": True, "warm_start": {"job": "elsewhere"}}).search == EarlierSearch("elsewhere")
