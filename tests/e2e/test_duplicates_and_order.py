"""Events come twice, late and in any order; nothing happens beyond what the first of each asks for."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.e2e.local_stage import write_churn
from tests.e2e.trained_model import TrainedModel
from tests.waiting import eventually


def test_the_same_upload_announced_five_times_is_one_run(model: TrainedModel) -> None:
    model.train()
    (first,) = model.executions()
    jobs = sorted(model.jobs())
    states = model.client("stepfunctions")

    for _ in range(4):  # as the rule would, were S3 to announce the object again
        states.start_execution(stateMachineArn=first["stateMachineArn"], input=first["input"])

    outcomes = [json.loads(execution["output"])["outcome"] for execution in model.ended(5)[1:]]
    assert outcomes == ["duplicate"] * 4
    assert sorted(model.jobs()) == jobs
    assert model.actions().count("RUN_STARTED") == 1


def test_an_approval_announced_again_or_touched_by_metadata_deploys_once(model: TrainedModel) -> None:
    package_arn = model.train()["package_arn"]
    endpoint = model.deploy(package_arn)
    before = model.audit()
    approval = approval_event(model, package_arn)
    functions = model.client("lambda")

    answers = [
        json.loads(
            functions.invoke(FunctionName="sluice-dev-deploy-model", Payload=json.dumps(approval))["Payload"].read()
        )
        for _ in range(3)
    ]
    model.client("sagemaker").update_model_package(
        ModelPackageArn=package_arn, CustomerMetadataProperties={"reviewed": "yes"}
    )
    touched = {
        **approval,
        "detail": {**approval["detail"], "UpdatedModelPackageFields": ["CustomerMetadataProperties"]},
    }
    metadata_only = functions.invoke(FunctionName="sluice-dev-deploy-model", Payload=json.dumps(touched))

    assert all(answer["outcome"] in ("deploying", "ignored") for answer in answers), answers
    assert json.loads(metadata_only["Payload"].read())["outcome"] == "ignored"
    assert len(model.configs()) == 1
    assert model.endpoint_now() == endpoint
    # The event was made by hand, so it is another approval than the first in all but effect.
    assert [entry for entry in model.audit() if entry["action"] != "MODEL_APPROVED"] == [
        entry for entry in before if entry["action"] != "MODEL_APPROVED"
    ]


def approval_event(model: TrainedModel, package_arn: str) -> dict[str, Any]:
    """The event that SageMaker emitted when the package was approved."""
    package = model.client("sagemaker").describe_model_package(ModelPackageName=package_arn)
    return {
        "version": "0",
        "id": "redelivered",
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "account": "000000000000",
        "region": "us-east-1",
        "time": package["LastModifiedTime"].isoformat(),
        "resources": [package_arn],
        "detail": {
            "ModelPackageGroupName": package["ModelPackageGroupName"],
            "ModelPackageVersion": package["ModelPackageVersion"],
            "ModelPackageArn": package_arn,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "Approved",
            "UpdatedModelPackageFields": ["ModelApprovalStatus", "ApprovalDescription"],
            "LastModifiedTime": package["LastModifiedTime"].isoformat(),
        },
    }


def test_ten_uploads_in_a_second_make_at_most_two_runs_and_the_last_has_the_newest_data(model: TrainedModel) -> None:
    # The first run must outlast the uploads, as it does on AWS, where it takes minutes.
    model.define(training={"hyperparameters": {"num_round": 1500, "early_stopping_rounds": 1500}})
    bodies = [write_churn(model.folder / f"{number}.csv", seed=number).read_bytes() for number in range(10)]
    model.client("s3")

    with ThreadPoolExecutor(10) as together:
        list(together.map(model.upload, bodies))

    def all_ended() -> list[dict[str, Any]] | None:
        executions = model.executions()
        uploads = [execution for execution in executions if json.loads(execution["input"])["source"] == "aws.s3"]
        settled = all(execution["status"] != "RUNNING" for execution in executions)
        waits = model.item("PENDING") is not None
        return executions if len(uploads) == 10 and settled and not waits else None

    executions = eventually(all_ended, "ten uploads", 240)
    assert [execution["cause"] for execution in executions if execution["status"] != "SUCCEEDED"] == []
    runs = [output for execution in executions if "run_id" in (output := json.loads(execution.get("output") or "{}"))]
    assert 1 <= len(runs) <= 2
    last = max(run["run_id"] for run in runs)
    (copied,) = model.keys(f"runs/{last}/input/")
    newest = model.read(f"s3://{model.stage.bucket}/models/{model.name}/raw/churn.csv")
    assert model.read(f"s3://{model.stage.bucket}/{copied}") == newest


def test_an_upload_during_a_run_starts_when_that_run_is_stopped(model: TrainedModel) -> None:
    """An aborted execution never comes to its last step: the rule on executions frees the lease."""
    model.define()
    model.upload(seed=1)
    eventually(lambda: model.actions().count("RUN_STARTED") == 1, "the first run")
    model.upload(seed=2)
    eventually(lambda: "UPLOAD_PENDING" in model.actions(), "the second upload waits")

    model.client("stepfunctions").stop_execution(
        executionArn=model.executions()[0]["executionArn"], error="Operator", cause="changed my mind"
    )

    eventually(lambda: "RUN_FINISHED" in model.actions(), "the waiting upload's run", 180)
    failed = next(entry for entry in model.audit() if entry["action"] == "RUN_FAILED")
    assert failed["why"].startswith("the execution ended as ABORTED")
