"""`sluice compare` from what lies in the registry, the bucket and the table."""

import json
from pathlib import Path

import pytest

from cli.comparing.facts import facts_of
from cli.installation import install_at
from tests.unit.cli.comparing.versions import champion, definition, evaluation
from tests.unit.cli.conftest import OUTPUTS, Account, AwsWithStacks, Stacks, put_live, version_arn

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def register(account: Account, run_id: str, **documents: dict) -> None:
    """A version with its documents, on the same data as every other one here."""
    folder = f"models/churn/runs/{run_id}/"
    uris = {name: account.leave(f"{folder}{name}.json", document) for name, document in documents.items()}
    account.register("PendingManualApproval", run_id, "0.85", data_version="s3://b/churn.csv@v1", **uris)


@pytest.fixture
def compared(account: Account) -> Account:
    """Version 3 is live; version 4 was measured against it."""
    told = champion(3, auc=(0.04, 0.01)) | {"package_arn": version_arn(3)}
    passed = {"verdict": "pass", "checks": []}
    register(account, "run-c", definition=definition(), evaluation=evaluation(), gate=passed)
    asked = {"verdict": "needs-human", "checks": []}
    register(account, "run-d", definition=definition(), evaluation=evaluation(auc=0.88, champion=told), gate=asked)
    put_live(account, 3)
    return account


def test_two_versions_as_json(compared: Account, capsys: Capture) -> None:
    assert compared.type("compare", "churn", "live", "latest", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["left"]["version"], found["left"]["production"], found["left"]["verdict"]) == (3, "live", "pass")
    assert (found["right"]["version"], found["right"]["verdict"]) == (4, "needs-human")
    assert found["not_comparable"] == []
    assert found["metrics"][0]["difference"] == pytest.approx(0.04)
    assert found["paired"]["differences"][0]["shown"] == "better"


def test_two_versions_on_the_terminal_and_as_a_page(compared: Account, capsys: Capture) -> None:
    assert compared.type("compare", "churn", "3", "4") == 0
    assert "v4 against v3 on the same test rows" in capsys.readouterr().out
    assert compared.type("compare", "churn", "3", "4", "--html", "both.html") == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "v4 against v3 on the same test rows" in Path("both.html").read_text()


def test_versions_without_documents_are_compared_by_what_is_left(compared: Account, capsys: Capture) -> None:
    assert compared.type("compare", "churn", "1", "4", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert "evaluation.json of v1 is not there any more." in found["notes"]
    assert found["not_comparable"] == ["v1 was measured on data that is not known, v4 on churn.csv (version v1)."]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["3", "v3"], "3 and v3 are both v3 of churn: name two versions"),
        (["3", "9"], "churn has no version 9"),
        (["3", "4", "--html", "/proc/page.html"], "/proc/page.html cannot be written"),
    ],
)
def test_what_cannot_be_compared_is_said(compared: Account, capsys: Capture, arguments: list[str], reason: str) -> None:
    assert compared.type("compare", "churn", *arguments) in (1, 2)
    assert reason in capsys.readouterr().err


def test_hyperparameters_are_the_training_jobs_own(account: Account) -> None:
    """A search may have chosen others than the definition's."""
    account.sagemaker.create_training_job(
        TrainingJobName="train-1",
        HyperParameters={"eta": "0.05", "sagemaker_program": "train.py"},
        AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::123456789012:role/jobs",
        OutputDataConfig={"S3OutputPath": "s3://b/o"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    written = {**definition(), "training": {"hyperparameters": {"eta": 0.1}}}
    uri = account.leave("definition.json", written)
    account.register("Approved", "run-c", "0.8", training_job="train-1", definition=uri)
    account.register("Approved", "run-d", "0.8", definition=uri)
    installation = install_at(AwsWithStacks(None, Stacks({"sluice-dev": OUTPUTS})))
    known, gone = (facts_of(installation, "churn", version) for version in ("3", "4"))
    assert known.hyperparameters == {"eta": "0.05"}
    assert gone.hyperparameters == {"eta": "0.1"}
    assert "The training job of v4 is not known any more: its definition's hyperparameters." in gone.missing
