"""`sluice rollback` against an account whose other half, DeployModel, is played by the test."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sluice.audit import AuditEntry
from tests.unit.cli.conftest import NOW, Account, deployment, put_endpoint, put_live, version_arn

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def on_v2(account: Account) -> Account:
    """Version 2 serves, version 1 did before; both are approved."""
    account.registry.set_approval(version_arn(2), "Approved", "good")
    put_live(account, 2, previous=deployment(1))
    return account


def deploys(account: Account, version: int) -> None:
    """From now on an event makes that version live at once."""

    def heard(kind: str, detail: dict[str, Any]) -> None:
        assert kind == "Rollback Requested"
        put_live(account, version)

    account.bus.heard = heard


def test_it_goes_back_to_the_version_before_and_waits_until_that_serves(on_v2: Account, capsys: Capture) -> None:
    deploys(on_v2, 1)
    assert on_v2.type("rollback", "churn", "--reason", " refunds doubled ") == 0
    shown = capsys.readouterr()
    assert shown.out == "churn: v2 -> v1: version 1 is in production\n"
    assert "Waiting until churn v1 serves in place of v2 …" in shown.err
    ((_, detail),) = on_v2.bus.sent
    who = detail.pop("requested_by")
    assert who.startswith("arn:aws:")
    assert detail == {"stage": "dev", "model": "churn", "version": 2, "to_version": 1, "reason": "refunds doubled"}


def test_a_version_may_be_named_and_not_waited_for(on_v2: Account, capsys: Capture) -> None:
    assert on_v2.type("rollback", "churn", "v1", "--reason", "x", "--no-wait", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"model": "churn", "from": 2, "to": 1, "outcome": "requested", "why": None}
    assert [detail["to_version"] for _, detail in on_v2.bus.sent] == [1]


def test_what_serves_already_is_no_rollback(on_v2: Account, capsys: Capture) -> None:
    put_endpoint()
    assert on_v2.type("rollback", "churn", "2", "--reason", "x") == 0
    assert "v2 serves already: nothing to do" in capsys.readouterr().out
    assert on_v2.bus.sent == []


def test_with_nothing_good_left_a_person_is_told_what_to_do(account: Account, capsys: Capture) -> None:
    put_live(account, 1)
    assert account.type("rollback", "churn", "--reason", "x") == 1
    shown = capsys.readouterr().err
    assert "no other version of churn is approved, so v1 stays in service" in shown
    assert "sluice approve churn VERSION" in shown
    assert shown.endswith("aws sagemaker delete-endpoint --endpoint-name sluice-dev-churn--real-time\n")
    assert account.bus.sent == []


def test_nobody_is_told_to_delete_the_endpoint_of_others(account: Account, capsys: Capture) -> None:
    put_live(account, 1, live=replace(deployment(1), mode="multi-model", endpoint_name="sluice-dev--multi-small"))
    assert account.type("rollback", "churn", "--reason", "x") == 1
    assert "delete-endpoint" not in capsys.readouterr().err


def test_where_nothing_serves_there_is_nothing_to_roll_back(account: Account, capsys: Capture) -> None:
    assert account.type("rollback", "churn", "--reason", "x") == 1
    assert "nothing to roll back" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["churn", "9", "--reason", "x"], 2, "churn has no version 9"),
        (["churn", "live", "--reason", "x"], 2, "name the version to go back to"),
        (["churn", "--reason", " "], 2, "--reason: write 1 to 1024 characters"),
        (["nobody", "--reason", "x"], 2, "there is no model 'nobody'"),
        (["churn"], 2, "Missing option '--reason'"),
    ],
)
def test_bad_input_says_what_to_do(
    on_v2: Account, capsys: Capture, arguments: list[str], code: int, reason: str
) -> None:
    assert on_v2.type("rollback", *arguments) == code
    assert reason in capsys.readouterr().err
    assert on_v2.bus.sent == []


def test_only_what_is_approved_may_serve_again(account: Account, capsys: Capture) -> None:
    put_live(account, 1)
    assert account.type("rollback", "churn", "2", "--reason", "x") == 1
    assert "churn v2 is PendingManualApproval, and only what is approved may serve" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("action", "details"), [("DEPLOYMENT_FAILED", {"package": version_arn(1)}), ("HELP_NEEDED", {})]
)
def test_a_rollback_that_fails_fails_the_command_with_the_reason(
    on_v2: Account, capsys: Capture, action: Any, details: dict[str, str]
) -> None:
    at = NOW + timedelta(hours=1)
    on_v2.bus.heard = lambda kind, detail: (
        on_v2.audit_log.write(AuditEntry("churn", action, at, "sluice", "the quota is used up", details)) and None
    )
    assert on_v2.type("rollback", "churn", "--reason", "x", "--json") == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["outcome"] == "failed"
    assert "the rollback of churn to v1 failed: the quota is used up" in shown.err


def test_a_failure_of_before_is_not_this_ones(on_v2: Account, capsys: Capture) -> None:
    old = AuditEntry("churn", "DEPLOYMENT_FAILED", NOW, "sluice", "long ago", {"package": version_arn(1)})
    on_v2.audit_log.write(old)
    deploys(on_v2, 1)
    assert on_v2.type("rollback", "churn", "--reason", "x") == 0


def test_who_waits_too_long_is_told_that_it_may_still_arrive(on_v2: Account, capsys: Capture) -> None:
    assert on_v2.type("rollback", "churn", "--reason", "x", "--timeout", "0") == 1
    assert "does not serve after 0 s; it may still arrive" in capsys.readouterr().err


def test_what_is_on_its_way_is_what_leaves(account: Account) -> None:
    account.registry.set_approval(version_arn(2), "Approved", "good")
    put_live(account, 1, arriving=deployment(2))
    assert account.type("rollback", "churn", "--reason", "x", "--no-wait") == 0
    assert [(detail["version"], detail["to_version"]) for _, detail in account.bus.sent] == [(2, 1)]


def test_what_waits_for_its_turn_leaves_before_what_is_on_its_way(account: Account) -> None:
    account.registry.set_approval(version_arn(2), "Approved", "good")
    put_live(account, 1, arriving=deployment(2), queued=deployment(3))
    assert account.type("rollback", "churn", "--reason", "x", "--no-wait") == 0
    assert [detail["version"] for _, detail in account.bus.sent] == [3]


def test_a_trial_ends_with_all_requests_at_the_live_version(account: Account, capsys: Capture) -> None:
    account.registry.set_approval(version_arn(2), "Approved", "good")
    put_live(account, 1, trial=deployment(2))
    deploys(account, 1)
    assert account.type("rollback", "churn", "--reason", "it is slow") == 0
    assert [(detail["version"], detail["to_version"]) for _, detail in account.bus.sent] == [(2, 1)]
    assert capsys.readouterr().out == "churn: v2 -> v1: version 1 is in production\n"


def test_an_event_that_is_not_taken_fails_the_command(on_v2: Account, capsys: Capture) -> None:
    """EventBridge answers 200 all the same."""
    on_v2.bus.refuses = True
    assert on_v2.type("rollback", "churn", "--reason", "x") == 1
    assert "did not take Rollback Requested: ThrottlingException: slow" in capsys.readouterr().err
