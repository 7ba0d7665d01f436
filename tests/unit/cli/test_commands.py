"""The commands as a person types them, against an account of moto's."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli.main import run
from sluice.audit import AuditEntry
from tests.unit.cli.conftest import (
    BUCKET,
    NOW,
    Account,
    deployment,
    put_alias,
    put_endpoint,
    put_live,
    type_into_empty_account,
    version_arn,
)

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No local cloud of the developer's is found in the working directory."""
    monkeypatch.chdir(tmp_path)


def test_models_lists_versions_newest_first(account: Account, capsys: Capture) -> None:
    assert account.type("models") == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].split() == ["MODEL", "VERSION", "APPROVAL", "GATE", "PRODUCTION", "METRIC", "RUN", "REASON"]
    assert [line.split()[1:3] for line in lines[1:]] == [["v2", "PendingManualApproval"], ["v1", "Approved"]]
    assert "upsell has no version yet" in shown.err


def test_models_as_json(account: Account, capsys: Capture) -> None:
    assert account.type("models", "churn", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["version"], one["metrics"], one["run"]) for one in found] == [
        (2, {"auc": "0.86"}, "261120090000-bbbb"),
        (1, {"auc": "0.84"}, "261120080000-aaaa"),
    ]


@pytest.mark.parametrize("version", ["2", "v2", "latest"])
def test_approve_takes_the_version_in_every_spelling(account: Account, capsys: Capture, version: str) -> None:
    assert account.type("approve", "churn", version, "--reason", "better by far") == 0
    assert account.approval(2) == ("Approved", "better by far")
    shown = capsys.readouterr()
    assert shown.out == "churn v2: PendingManualApproval -> Approved\n"
    assert "sluice wait churn 2" in shown.err


def test_on_a_real_account_it_is_named_before_the_change(account: Account, capsys: Capture) -> None:
    account.type("reject", "churn", "v1", "--reason", "wrong data")
    assert "Account 123456789012, region us-east-1, stage dev" in capsys.readouterr().err
    assert account.approval(1) == ("Rejected", "wrong data")


def test_what_is_decided_already_is_left_alone(account: Account, capsys: Capture) -> None:
    assert account.type("approve", "churn", "1", "--reason", "again") == 0
    assert "is Approved already: nothing to do" in capsys.readouterr().out
    assert account.approval(1) == ("Approved", "")


def test_approving_what_the_gate_rejected_shows_the_gates_reasons(account: Account, capsys: Capture) -> None:
    arn = account.register("Rejected", "261120100000-cccc", "0.5")
    account.registry.set_approval(arn, "Rejected", "auc is 0.5000, below its minimum 0.6.")
    assert account.type("approve", "churn", "3", "--reason", "known exception") == 0
    assert "It was rejected: auc is 0.5000, below its minimum 0.6." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["approve", "churn", "7", "--reason", "x"], "churn has no version 7. It has: 2, 1"),
        (["approve", "churn", "two", "--reason", "x"], "write a number as in 3 or v3, latest, or live"),
        (["approve", "churn", "1", "--reason", " "], "--reason: write 1 to 1024 characters"),
        (
            ["approve", "churm", "1", "--reason", "x"],
            "there is no model 'churm' in sluice-dev-bucket. Did you mean churn?",
        ),
        (["history", "zzz"], "There are: churn, upsell"),
        (["runs", "zzz"], "There are: churn, upsell"),
        (["models", "--stage", "NOPE"], "stage 'NOPE'"),
    ],
)
def test_bad_input_says_what_to_do(account: Account, capsys: Capture, arguments: list[str], reason: str) -> None:
    assert account.type(*arguments) == 2
    assert reason in capsys.readouterr().err


def test_a_model_without_versions_is_a_failed_operation(account: Account, capsys: Capture) -> None:
    assert account.type("approve", "upsell", "latest", "--reason", "x") == 1
    assert "upsell has no version yet" in capsys.readouterr().err


def test_what_the_gate_leaves_to_a_person_is_shown_where_versions_are(account: Account, capsys: Capture) -> None:
    arn = account.register("PendingManualApproval", "261120100000-cccc", "0.85", verdict="needs-human")
    account.sagemaker.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="PendingManualApproval",
        ApprovalDescription="plan has drifted. auc is 0.85.",
        CustomerMetadataProperties={"verdict": "needs-human"},  # moto forgets what an update leaves out
    )
    assert account.type("models", "churn") == 0
    row = next(line.split() for line in capsys.readouterr().out.splitlines() if " v3 " in line)
    assert row[2:4] == ["PendingManualApproval", "needs-human"]
    assert account.type("wait", "churn") == 1
    shown = capsys.readouterr().err
    assert "churn v3 is PendingManualApproval (the gate says needs-human): nothing is on its way" in shown
    assert "sluice report churn 3" in shown
    assert account.type("approve", "churn", "3", "--reason", "a new plan was sold") == 0
    assert "The gate left it to a person: plan has drifted. auc is 0.85." in capsys.readouterr().err


def test_waiting_for_what_serves_is_told_as_json(account: Account, capsys: Capture) -> None:
    put_live(account, 1)
    put_endpoint()
    assert account.type("wait", "churn", "1", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"model": "churn", "version": 1, "serves": True, "why": "version 1 is in production"}


def test_the_live_version_has_a_name(account: Account, capsys: Capture) -> None:
    assert account.type("wait", "churn", "live") == 1
    assert "no version of churn is in production" in capsys.readouterr().err
    put_live(account, 1)
    put_endpoint()
    assert account.type("wait", "churn", "live", "--json") == 0
    assert account.type("wait", "zzz", "live") == 2


@pytest.mark.parametrize("run_id", ["261120080000-aaaa", "latest"])
def test_one_run_is_shown_whole(account: Account, capsys: Capture, run_id: str) -> None:
    assert account.type("runs", "churn", run_id) == 0
    shown = capsys.readouterr().out
    assert f"run       {'261120090000-bbbb' if run_id == 'latest' else run_id} of churn: " in shown
    assert "Step Functions keeps it 90 days" in shown
    assert ("sluice report churn 1" in shown) == (run_id != "latest")


def test_one_run_as_json(account: Account, capsys: Capture) -> None:
    assert account.type("runs", "churn", "261120080000-aaaa", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["verdict"], found["steps"]) == ("SUCCEEDED", "pass", [])


def test_a_run_that_is_not_there_names_those_that_are(account: Account, capsys: Capture) -> None:
    assert account.type("runs", "churn", "261120080000-aaab") == 2
    assert "churn has no run '261120080000-aaab'. It has: 261120080000-aaaa" in capsys.readouterr().err


def test_history_prints_who_and_why_in_order(account: Account, capsys: Capture) -> None:
    assert account.type("history", "churn") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "RUN_STARTED" in lines[1]
    assert lines[2].split()[2:] == ["MODEL_APPROVED", "assumed-role/approver/ann", "reviewed"]


def test_of_a_registrations_many_reasons_the_first_are_shown_and_json_has_all(
    account: Account, capsys: Capture
) -> None:
    reasons = "version 3 is Rejected. auc is 0.5, below 0.6. " + "Another check passed. " * 40
    account.audit_log.write(AuditEntry("churn", "MODEL_REGISTERED", NOW + timedelta(hours=1), "sluice", reasons))
    assert account.type("history", "churn") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "auc is 0.5, below 0.6." in last
    assert last.endswith("…")
    assert len(last) < 260
    assert account.type("history", "churn", "--json") == 0
    assert json.loads(capsys.readouterr().out)[-1]["why"] == reasons


def test_of_a_long_history_the_newest_entries_can_be_asked_for(account: Account, capsys: Capture) -> None:
    assert account.type("history", "churn", "--limit", "1", "--json") == 0
    assert [entry["action"] for entry in json.loads(capsys.readouterr().out)] == ["MODEL_APPROVED"]
    assert account.type("history", "churn", "--limit", "0") == 2


def test_the_end_of_a_trial_names_its_report(account: Account, capsys: Capture) -> None:
    entry = AuditEntry("churn", "TRIAL_CONCLUDED", NOW, "sluice", "v2 won. " * 60, {"report": "s3://b/trial.json"})
    account.audit_log.write(entry)
    assert account.type("history", "churn") == 0
    assert "… (report: s3://b/trial.json)" in capsys.readouterr().out


def test_what_follows_from_a_trial_is_as_short_and_what_a_person_wrote_is_whole(
    account: Account, capsys: Capture
) -> None:
    won, wrote = "version 2 won its trial: " + "v2 did well. " * 60, "a person's many words " * 20
    for minutes, why in enumerate((won, wrote)):
        at = NOW + timedelta(hours=1, minutes=minutes)
        account.audit_log.write(AuditEntry("churn", "DEPLOYMENT_STARTED", at, "sluice", why))
    assert account.type("history", "churn") == 0
    short, whole = capsys.readouterr().out.splitlines()[-2:]
    assert short.endswith("…")
    assert whole.endswith(wrote.strip())


def test_history_as_json_keeps_everything(account: Account, capsys: Capture) -> None:
    assert account.type("history", "churn", "--json") == 0
    entry = json.loads(capsys.readouterr().out)[1]
    assert entry["who"] == "arn:aws:sts::123456789012:assumed-role/approver/ann"
    assert entry["details"] == {"version": "1"}


def test_runs_are_listed_newest_first(account: Account, capsys: Capture) -> None:
    assert account.type("runs") == 0
    rows = [line.split()[1:3] for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [["261120090000-bbbb", "RUNNING"], ["261120080000-aaaa", "SUCCEEDED"]]


def test_runs_as_json(account: Account, capsys: Capture) -> None:
    assert account.type("runs", "churn", "--json") == 0
    newest, first = json.loads(capsys.readouterr().out)
    assert newest["finished_at"] is None
    assert (first["verdict"], first["package_arn"]) == ("pass", version_arn(1))


def test_predict_without_an_endpoint_says_what_is_missing(account: Account, capsys: Capture) -> None:
    assert account.type("predict", "churn", "rows.csv") == 1
    assert "churn has no endpoint. Approve a version first" in capsys.readouterr().err


def test_status_names_the_target_and_the_models(account: Account, capsys: Capture) -> None:
    assert account.type("status") == 0
    shown = capsys.readouterr().out
    assert "local cloud   down (start it: sluice up)" in shown
    assert "environment   points at AWS itself, region us-east-1, stage dev" in shown
    assert any(line.split() == ["churn", *"-----", "v2", "PendingManualApproval"] for line in shown.splitlines())


def test_a_folder_that_no_model_can_have_does_not_hide_the_others(account: Account, capsys: Capture) -> None:
    account.s3.put_object(Bucket=BUCKET, Key="models/bad_canary/model.yaml", Body=b"name: bad_canary")
    assert account.type("status") == 0
    shown = capsys.readouterr().out
    assert "not a model   models/bad_canary/: a name is at most 24 small letters" in shown
    assert [line.split()[0] for line in shown.splitlines()[-2:]] == ["churn", "upsell"]
    assert account.type("models") == 0
    assert "bad_canary" not in capsys.readouterr().out
    assert account.type("runs", "Model_9") == 2
    assert "'Model_9' is no model's name: at most 24 small letters" in capsys.readouterr().err


def test_status_says_what_is_on_its_way(account: Account, capsys: Capture) -> None:
    put_live(account, 1, arriving=deployment(2), queued=deployment(3))
    assert account.type("status") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "churn: v2 is on its way",
        "churn: v3 waits until that has ended",
    ]


def test_status_says_where_the_inference_api_is(account: Account, capsys: Capture) -> None:
    assert account.type("status") == 0
    assert "inference API https://api.example" in capsys.readouterr().out


LOST = (
    "churn v1 is live, but its endpoint sluice-dev-churn--real-time is gone: somebody deleted it. Bring it back: "
    "sluice traffic churn --set v1=100 --reason …"
)


@pytest.mark.parametrize(
    "typed",
    [
        ["wait", "churn", "v1"],
        ["predict", "churn", "rows.csv"],
        ["traffic", "churn"],
        ["rollback", "churn", "v1", "--reason", "x"],
    ],
    ids=lambda typed: typed[0],
)
def test_an_endpoint_that_somebody_deleted_is_missed(account: Account, capsys: Capture, typed: list[str]) -> None:
    put_live(account, 1)
    put_alias()
    assert account.type(*typed) == 1
    assert LOST in capsys.readouterr().err


def test_status_and_approve_miss_the_deleted_endpoint_and_traffic_asks_for_it(
    account: Account, capsys: Capture
) -> None:
    put_live(account, 1)
    put_alias()
    assert account.type("status") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == LOST
    assert next(line.split()[:3] for line in lines if line.startswith("churn")) == ["churn", "v1", "gone"]
    assert account.type("approve", "churn", "v1", "--reason", "x") == 0
    assert f"nothing to do. {LOST}" in capsys.readouterr().out
    assert account.type("traffic", "churn", "--set", "v1=100", "--reason", "x") == 0
    assert [detail["weights"] for _, detail in account.bus.sent] == [{"1": 100}]


def test_approved_already_is_not_serving_already(account: Account, capsys: Capture) -> None:
    account.registry.set_approval(version_arn(2), "Approved", "good")
    put_live(account, 2)
    put_endpoint()
    assert account.type("approve", "churn", "v1", "--reason", "x") == 0
    assert "It does not serve: sluice traffic churn --set v1=100" in capsys.readouterr().out
    assert account.type("approve", "churn", "v2", "--reason", "x") == 0
    assert capsys.readouterr().out == "churn v2 is Approved already: nothing to do\n"


def test_a_trial_without_a_winner_is_over_for_who_waits(account: Account, capsys: Capture) -> None:
    account.registry.set_approval(version_arn(2), "Approved", "good")
    put_live(account, 1, trial=deployment(2))
    put_endpoint()
    details = {"package": version_arn(2), "decision": "keep"}
    for hours, why in ((-1, "an earlier one"), (1, "v2 is neither promoted nor taken back.")):
        at = NOW + timedelta(hours=hours)
        account.audit_log.write(AuditEntry("churn", "TRIAL_CONCLUDED", at, "sluice", why, details))
        assert account.type("wait", "churn", "v2") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "churn: version 2 is on trial beside the live one"
    assert second == f"{first}, and the trial is over: v2 is neither promoted nor taken back."


def test_status_as_json(account: Account, capsys: Capture) -> None:
    assert account.type("status", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["target"] == {"kind": "aws", "endpoint_url": None, "region": "us-east-1", "stage": "dev"}
    assert [model["model"] for model in found["models"]] == ["churn", "upsell"]
    assert found["problem"] is None


def test_real_aws_is_never_used_in_silence(account: Account, capsys: Capture) -> None:
    account.type("models")
    assert capsys.readouterr().err.startswith("Using AWS, region us-east-1, stage dev")


@pytest.mark.usefixtures("empty_account")
def test_without_the_stack_the_way_to_it_is_told(capsys: Capture) -> None:
    assert type_into_empty_account("models") == 1
    assert "there is no stack sluice-dev on AWS, region us-east-1, stage dev. Deploy it with: sam deploy" in (
        capsys.readouterr().err
    )


@pytest.mark.usefixtures("empty_account")
def test_the_stage_may_come_from_the_environment(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_STAGE", "prod")
    type_into_empty_account("models")
    assert "there is no stack sluice-prod" in capsys.readouterr().err


def test_status_without_any_aws_still_answers_and_fails(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert run(["status"]) == 1
    assert "no AWS region in the environment" in capsys.readouterr().out
