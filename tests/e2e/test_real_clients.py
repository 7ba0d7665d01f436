"""AWS's own clients: SAM deploys to the local cloud, the AWS CLI and the SageMaker SDK read and drive what is there."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.local_stage import MODEL, ROOT, SLUICE, LocalStage, sluice_up, write_churn
from tools.sam import NO_RUNTIME, SAM, find_runtime, sam_environment

AWS = ROOT / ".tools/awscli/bin/aws"
SDK_PYTHON = ROOT / ".tools/images/bin/python"
ENDPOINT = f"sluice-dev-{MODEL}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SAM.exists(), reason="SAM is not installed: python3 tools/environment.py sam"),
    pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not installed: python3 tools/environment.py awscli"),
    pytest.mark.skipif(not SDK_PYTHON.exists(), reason="the SageMaker SDK is not installed: make images"),
    pytest.mark.skipif(find_runtime() is None, reason=NO_RUNTIME),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStage]:
    with sluice_up(tmp_path_factory.mktemp("state"), "--no-deploy") as up:
        yield up


@pytest.fixture(scope="module")
def deployed(stage: LocalStage) -> LocalStage:
    settings = sam_environment(os.environ)
    stage.run([SAM, "build"], settings)
    said = stage.run([SAM, "deploy", "--config-env", "local"], {**settings, **stage.exports})
    assert "Successfully created/updated stack - sluice-dev" in said
    return stage


@pytest.fixture(scope="module")
def trained(deployed: LocalStage, tmp_path_factory: pytest.TempPathFactory) -> LocalStage:
    """A run that was started by `aws s3 cp`."""
    folder = tmp_path_factory.mktemp("data")
    data = write_churn(folder / "churn.csv")
    definition = folder / "model.yaml"
    deployed.run([SLUICE, "init", data, "--target", "churned", "--name", MODEL, "--out", definition])
    prefix = f"s3://{deployed.bucket}/models/{MODEL}"
    deployed.run([AWS, "s3", "cp", definition, f"{prefix}/model.yaml"])
    deployed.run([AWS, "s3", "cp", data, f"{prefix}/raw/churn.csv"])
    execution = deployed.await_execution()
    assert execution["status"] == "SUCCEEDED", execution
    return deployed


def aws(stage: LocalStage, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(stage.run([AWS, *arguments, "--output", "json"])))


def test_sam_deploys_the_whole_stack(deployed: LocalStage) -> None:
    stack = aws(deployed, "cloudformation", "describe-stacks", "--stack-name", "sluice-dev")["Stacks"][0]
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert deployed.outputs["CodePrefix"].startswith("code/") or "/code/" in deployed.outputs["CodePrefix"]


def test_deploying_again_changes_nothing(deployed: LocalStage) -> None:
    settings = {**sam_environment(os.environ), **deployed.exports}
    said = deployed.run([SAM, "deploy", "--config-env", "local"], settings)
    assert "No changes to deploy" in said


def test_the_aws_cli_reads_the_run(trained: LocalStage) -> None:
    machine = trained.outputs["RetrainStateMachineArn"]
    executions = aws(trained, "stepfunctions", "list-executions", "--state-machine-arn", machine)["executions"]
    assert [execution["status"] for execution in executions] == ["SUCCEEDED"]

    jobs = aws(trained, "sagemaker", "list-training-jobs", "--status-equals", "Completed")["TrainingJobSummaries"]
    assert len(jobs) == 1
    job = aws(trained, "sagemaker", "describe-training-job", "--training-job-name", jobs[0]["TrainingJobName"])
    assert job["ModelArtifacts"]["S3ModelArtifacts"].startswith(f"s3://{trained.bucket}/models/{MODEL}/runs/")

    packages = aws(trained, "sagemaker", "list-model-packages", "--model-package-group-name", ENDPOINT)
    (summary,) = packages["ModelPackageSummaryList"]
    package = aws(trained, "sagemaker", "describe-model-package", "--model-package-name", summary["ModelPackageArn"])
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert (
        package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == job["ModelArtifacts"]["S3ModelArtifacts"]
    )


def test_the_aws_cli_reads_the_jobs_log(trained: LocalStage) -> None:
    log = ["--log-group-name", "/aws/sagemaker/TrainingJobs"]
    (stream,) = aws(trained, "logs", "describe-log-streams", *log)["logStreams"]
    events = aws(trained, "logs", "get-log-events", *log, "--log-stream-name", stream["logStreamName"])["events"]
    assert any("validation-auc" in event["message"] for event in events)


def test_the_sagemaker_sdk_approves_and_predicts(trained: LocalStage, tmp_path: Path) -> None:
    listed = aws(trained, "sagemaker", "list-model-packages", "--model-package-group-name", ENDPOINT)
    (package,) = [summary["ModelPackageArn"] for summary in listed["ModelPackageSummaryList"]]
    records = tmp_path / "records.csv"
    records.write_text("tenure,plan,monthly\n1,basic,119.5\n70,plus,25\n")
    script = ROOT / "tests/e2e/clients/sagemaker_sdk.py"
    answer = tmp_path / "answer.json"
    trained.run([SDK_PYTHON, script, package, ENDPOINT, records, answer], {"HOME": str(tmp_path)})

    found = json.loads(answer.read_text())
    (job,) = found["training"]
    assert job["status"] == "Completed"
    assert job["metrics"]["validation:auc"] > 0.6
    assert found["approval"] == {
        "before": "PendingManualApproval",
        "after": "Approved",
        "why": "Approved with the SageMaker SDK.",
    }
    new_and_dear, old_and_cheap = map(float, found["prediction"]["probabilities"])
    assert new_and_dear > 0.5 > old_and_cheap

    endpoint = aws(trained, "sagemaker", "describe-endpoint", "--endpoint-name", ENDPOINT)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", found["prediction"]["config"])

    said = tmp_path / "prediction.json"
    invoke = ["sagemaker-runtime", "invoke-endpoint", "--endpoint-name", ENDPOINT, "--content-type", "text/csv"]
    trained.run([AWS, *invoke, "--body", f"fileb://{records}", said])
    again = [prediction["probability"] for prediction in json.loads(said.read_text())["predictions"]]
    assert again == pytest.approx([new_and_dear, old_and_cheap], abs=1e-6)
