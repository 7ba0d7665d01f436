"""`sluice lineage`: what is there is told, what is gone is named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.costing_lines import usd
from sluice.audit import AuditEntry
from sluice.aws.checks import Check, Checks
from tests.unit.cli.conftest import BUCKET, NOW, Account, version_arn

Capture = pytest.CaptureFixture[str]
RUN = "261121080000-cccc"
CHECK = "261120210000-3f2a"
JOB = f"sluice-dev-churn-{RUN}"
SHA = "ab" * 32
BEGAN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


class SageMaker:
    """moto's registry, and jobs that are written down here: moto's take no time."""

    def __init__(self, account: Account, jobs: dict[str, dict[str, Any]]) -> None:
        self._moto = account.sagemaker
        self._jobs = jobs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._moto, name)

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        return self._job(TrainingJobName, "DescribeTrainingJob")

    def describe_processing_job(self, ProcessingJobName: str) -> dict[str, Any]:
        return self._job(ProcessingJobName, "DescribeProcessingJob")

    def _job(self, name: str, operation: str) -> dict[str, Any]:
        if name not in self._jobs:
            error: Any = {"Error": {"Code": "ValidationException", "Message": "Requested resource not found."}}
            raise ClientError(error, operation)
        return self._jobs[name]


JOBS = {
    f"{JOB}-preprocess": {
        "ProcessingJobStatus": "Completed",
        "ProcessingStartTime": BEGAN,
        "ProcessingEndTime": BEGAN + timedelta(seconds=60),
    },
    f"{JOB}-train": {
        "TrainingJobStatus": "Completed",
        "TrainingStartTime": BEGAN,
        "TrainingEndTime": BEGAN + timedelta(seconds=360),
        "BillableTimeInSeconds": 180,
        "HyperParameters": {"max_depth": "6", "eta": "0.1"},
    },
}


def machine(step: str) -> dict[str, Any]:
    return {"job_name": f"{JOB}-{step}", "instance_type": "ml.m5.large", "instance_count": 1}


@pytest.fixture
def traced(account: Account) -> Account:
    """Version 3: its data, its run, its code, its gate; the evaluate job is gone."""
    account.clients["sagemaker"] = SageMaker(account, JOBS)
    account.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    data = account.s3.put_object(Bucket=BUCKET, Key="models/churn/raw/new.csv", Body=b"a,b")
    account.leave(f"code/{SHA}/source.tar.gz", "code")
    check = {"name": "auc", "outcome": "fail", "reason": "auc is 0.7, below 0.8."}
    gate = account.leave(f"models/churn/runs/{RUN}/evaluation/gate.json", {"verdict": "fail", "checks": [check]})
    plan = {
        "model": "churn",
        "run_id": RUN,
        "data_version": f"s3://{BUCKET}/models/churn/raw/new.csv@{data['VersionId']}",
        "preprocess": machine("preprocess"),
        "training": machine("train") | {"hyperparameters": {"max_depth": "from the plan"}},
        "evaluate": machine("evaluate"),
    }
    account.runs.start(plan, "arn:aws:states:us-east-1:123456789012:execution:sluice-dev-retrain:x")
    account.register(
        "Approved",
        RUN,
        "0.7",
        data_version="shortened",
        code_sha256=SHA,
        training_job=f"{JOB}-train",
        gate=gate,
        verdict="fail",
    )
    for action, why, details in (
        ("MODEL_APPROVED", "a known exception", {"package": version_arn(3), "version": "3"}),
        ("DEPLOYED", "version 3 is in production", {"package": version_arn(3), "endpoint": "sluice-dev-churn--async"}),
    ):
        who = "arn:aws:sts::123456789012:assumed-role/approver/ann"
        account.audit_log.write(AuditEntry("churn", action, NOW, who, why, details))  # type: ignore[arg-type]
    return account


def test_everything_that_is_known_stands_in_the_tree(traced: Account, capsys: Capture) -> None:
    assert traced.type("lineage", "churn", "v3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("churn v3, Approved, registered ")
    shown = "\n".join(lines)
    assert f"├─ data: s3://{BUCKET}/models/churn/raw/new.csv@" in shown
    assert "gone: that version" not in shown
    assert f"├─ run {RUN}: RUNNING" in shown
    assert f"│  ├─ preprocess: Completed, 1 x ml.m5.large, 60 s, $0.0019 ({JOB}-preprocess)" in lines
    assert f"│  └─ evaluate: gone, 1 x ml.m5.large, time not known, no price ({JOB}-evaluate)" in lines
    assert "│  ├─ max_depth = 6" in lines
    assert f"├─ code: {SHA}" in lines
    assert "│  └─ auc 0.7000" in lines
    assert any(line.startswith("│  └─ ") and line.endswith("auc is 0.7, below 0.8.") for line in lines)
    assert any("MODEL_APPROVED by assumed-role/approver/ann: a known exception" in line for line in lines)
    assert any("DEPLOYED (asynchronous) by" in line for line in lines)
    assert lines[-1] == "└─ drift (never checked): none found"


def test_what_a_version_was_trained_again_for_and_how_it_did_stands_there_too(traced: Account, capsys: Capture) -> None:
    run = traced.runs.get("churn", RUN)
    assert run is not None
    drift = {"check_id": CHECK, "reason": "drift in age", "labelled_key": "models/churn/l.csv", "labelled_rows": 640}
    traced.runs.finish(replace(run, plan=run.plan | {"drift": drift}), "SUCCEEDED", "pass", version_arn(3), None)
    for hour, verdict in enumerate(("drift", "no-drift", "no-drift")):
        at = NOW + timedelta(hours=hour)
        check = Check("churn", f"{CHECK[:-1]}{hour}", "e", "scheduled-job", at, at, at, "ENDED", 3)
        Checks(traced.runs.table, lambda: NOW).put(replace(check, verdict=verdict))  # type: ignore[arg-type]
    details = {"package": version_arn(3), "check_id": CHECK}
    traced.audit_log.write(AuditEntry("churn", "RETRAIN_REQUESTED", NOW, "sluice", "age moved", details))

    assert traced.type("lineage", "churn", "v3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"│  ├─ for the drift that check {CHECK} found: drift in age" in lines
    assert "│  └─ and 640 labelled rows of production: models/churn/l.csv" in lines
    assert "└─ drift (1 x drift, 2 x no-drift)" in lines
    assert lines[-1].endswith("RETRAIN_REQUESTED by sluice: age moved")
    assert traced.type("runs", "churn") == 0
    assert "new.csv, 640 labelled rows (drift)" in capsys.readouterr().out


def test_a_spot_job_costs_what_was_billed_and_a_gone_one_leaves_no_sum(traced: Account, capsys: Capture) -> None:
    assert traced.type("lineage", "churn", "3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    by_step = {job["step"]: job for job in found["jobs"]}
    assert by_step["train"]["seconds"] == 180
    assert by_step["train"]["cost_usd"] == pytest.approx(0.115 * 180 / 3600)
    assert (by_step["evaluate"]["status"], found["cost"]["total_usd"]) == ("gone", None)
    assert found["data"]["exists"] is True
    assert found["hyperparameters"] == {"max_depth": "6", "eta": "0.1"}


def test_a_price_below_what_is_shown_does_not_read_as_nothing() -> None:
    assert [usd(price, 4) for price in (0.0, 0.00004, 0.0001, None)] == [
        "$0.0000",
        "under $0.0001",
        "$0.0001",
        "no price",
    ]


def test_what_was_deleted_is_named(traced: Account, capsys: Capture) -> None:
    traced.clients["sagemaker"] = SageMaker(traced, {})
    for version in traced.s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        traced.s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    assert traced.type("lineage", "churn", "3") == 0
    shown = capsys.readouterr().out
    assert "(gone: that version of the file was deleted)" in shown
    assert f"code: {SHA} (gone from the bucket)" in shown
    assert "gate: fail (its reasons are gone)" in shown
    assert "train: gone" in shown
    assert "max_depth = from the plan" in shown


def test_a_version_that_no_run_registered_has_little_to_tell(account: Account, capsys: Capture) -> None:
    account.sagemaker.create_model_package(
        ModelPackageGroupName="sluice-dev-churn",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": "image", "ModelDataUrl": "s3://b/m"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    assert account.type("lineage", "churn", "3") == 0
    shown = capsys.readouterr().out
    assert "data: not known" in shown
    assert "run: none of Sluice's registered it" in shown
    assert "in production: never" in shown


def test_a_version_that_is_not_there_is_bad_input(account: Account, capsys: Capture) -> None:
    assert account.type("lineage", "churn", "9") == 2
    assert "churn has no version 9" in capsys.readouterr().err
    assert account.type("lineage", "churn") == 1
    assert "no version of churn is in production" in capsys.readouterr().err
