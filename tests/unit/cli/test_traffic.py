"""`sluice traffic`: what it shows, what it asks for, and what it refuses before anything is asked."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice.audit import AuditEntry
from sluice.aws.production import Step, Trial
from sluice.plan import definition_document
from sluice.rollout import PackageRef
from tests.definitions import definition
from tests.unit.cli.conftest import (
    NOW,
    Account,
    deployment,
    put_alias,
    put_endpoint,
    put_live,
    session,
    version_arn,
)

Capture = pytest.CaptureFixture[str]
ENDPOINT = "sluice-dev-churn--real-time"
STARTED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


class Rollouts:
    """Step Functions with one execution, of the trial whose config is named."""

    def __init__(self, config: str, trial: dict[str, Any], status: str = "RUNNING") -> None:
        self._arn = f"arn:aws:states:us-east-1:123456789012:execution:sluice-dev-rollout:{config}"
        self._execution = {"status": status, "input": json.dumps(trial), "startDate": STARTED}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        if executionArn != self._arn:
            error: Any = {"Error": {"Code": "ExecutionDoesNotExist", "Message": executionArn}}
            raise ClientError(error, "DescribeExecution")
        return self._execution


TRIAL = {
    "kind": "ab-test",
    "champion": {"version": 1, "variant": "v1"},
    "challenger": {"version": 2, "variant": "v2"},
    "steps": [{"share_percent": 12.5, "hold_seconds": 3600}, {"share_percent": 50, "hold_seconds": 7200}],
}


@pytest.fixture
def real_time(account: Account) -> Account:
    """Version 1 serves on instances; version 2 is approved."""
    account.registry.set_approval(version_arn(2), "Approved", "good")
    put_live(account, 1)
    put_alias()
    return account


@pytest.fixture
def trial(real_time: Account) -> Account:
    put_live(real_time, 1, trial=deployment(2))
    put_alias(variants={"v1": 1, "v2": 2})
    put_endpoint(v1=7.0, v2=1.0)
    real_time.clients["stepfunctions"] = Rollouts(ENDPOINT, TRIAL)
    return real_time


def count(metric: str, variant: str, *values: float) -> None:
    session().client("cloudwatch").put_metric_data(
        Namespace="AWS/SageMaker",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "EndpointName", "Value": ENDPOINT}, {"Name": "VariantName", "Value": variant}],
                "Value": value,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=5),
            }
            for value in values
        ],
    )


def test_the_split_is_shown_with_the_last_hours_errors_and_the_trials_step(trial: Account, capsys: Capture) -> None:
    count("Invocations", "v1", 1, 1, 1)
    count("ModelLatency", "v1", 20_000, 40_000)
    count("Invocations", "v2", 1)
    count("Invocation5XXErrors", "v2", 1)
    assert trial.type("traffic", "churn") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"churn: {ENDPOINT} (real-time) is InService"
    rows = [line.split() for line in lines[3:5]]
    assert rows[0] == ["v1", "v1", "live", "87.5", "%", "1", "3", "0", "0", "30.0"]
    assert rows[1] == ["v2", "v2", "challenger", "12.5", "%", "1", "1", "0", "1", "-"]
    assert "trial     ab-test: v2 beside v1, step 1 of 2" in lines
    assert "steps     12.5 % for 60 min, 50 % for 120 min" in lines


def test_the_requests_of_an_asynchronous_endpoint_count(real_time: Account, capsys: Capture) -> None:
    put_endpoint()
    put_alias(mode="asynchronous")
    real_time.clients["stepfunctions"] = Rollouts("another", TRIAL)
    count("InvocationsProcessed", "AllTraffic", 1, 1)
    assert real_time.type("traffic", "churn", "--json") == 0
    (variant,) = json.loads(capsys.readouterr().out)["variants"]
    assert variant["activity"]["requests"] == 2


def test_a_serverless_endpoint_has_no_instances_to_count(real_time: Account, capsys: Capture) -> None:
    put_endpoint()
    put_alias(mode="serverless")
    real_time.clients["stepfunctions"] = Rollouts("another", TRIAL)
    assert real_time.type("traffic", "churn", "--json") == 0
    assert json.loads(capsys.readouterr().out)["variants"][0]["instances"] is None


def test_the_split_as_json(trial: Account, capsys: Capture) -> None:
    assert trial.type("traffic", "churn", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    shares = [(one["version"], one["role"], one["share_percent"]) for one in found["variants"]]
    assert shares == [(1, "live", 87.5), (2, "challenger", 12.5)]
    assert (found["trial"]["step"], found["trial"]["challenger"]) == (1, 2)


def test_before_the_alias_has_moved_the_variants_names_say_their_versions(trial: Account, capsys: Capture) -> None:
    put_alias()
    assert trial.type("traffic", "churn", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["version"], one["role"]) for one in found["variants"]] == [(1, "live"), (2, "challenger")]


@pytest.mark.parametrize("execution", [Rollouts(ENDPOINT, TRIAL, "SUCCEEDED"), Rollouts("another", TRIAL)])
def test_a_trial_that_has_ended_is_not_shown(trial: Account, capsys: Capture, execution: Rollouts) -> None:
    trial.clients["stepfunctions"] = execution
    assert trial.type("traffic", "churn") == 0
    assert "trial" not in capsys.readouterr().out


def put_requests(version: int, minutes_ago: float) -> None:
    when = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    common: dict[str, Any] = {
        "Dimensions": [{"Name": "EndpointName", "Value": ENDPOINT}, {"Name": "VariantName", "Value": "AllTraffic"}],
        "Value": 1,
        "Timestamp": when,
    }
    metrics = ["Invocations", *(["Invocation5XXErrors"] if version == 2 else [])]
    data: Any = [{"MetricName": name, **common} for name in metrics]
    session().client("cloudwatch").put_metric_data(Namespace="AWS/SageMaker", MetricData=data)


def test_the_errors_of_the_version_before_are_not_those_of_the_one_that_serves(
    real_time: Account, capsys: Capture
) -> None:
    """Version 2 failed 20 and 10.5 minutes ago and was taken back 10 minutes ago."""
    settled = datetime.now(UTC) - timedelta(minutes=10)
    put_live(real_time, 1, settled_at=settled)
    put_endpoint()
    real_time.clients["stepfunctions"] = Rollouts("another", TRIAL)
    for version, minutes_ago in ((2, 20), (2, 10.01), (1, 5), (1, 3)):
        put_requests(version, minutes_ago)
    assert real_time.type("traffic", "churn") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split() == ["AllTraffic", "v1", "live", "100", "%", "1", "2", "0", "0", "-"]
    since = f"{settled + timedelta(minutes=1):%H:%M}"
    assert lines[4] == f"requests and errors: since {since} (UTC), as CloudWatch has counted them"


def test_right_after_a_change_nothing_is_counted_yet(real_time: Account, capsys: Capture) -> None:
    put_live(real_time, 1, settled_at=datetime.now(UTC))
    put_endpoint()
    real_time.clients["stepfunctions"] = Rollouts("another", TRIAL)
    put_requests(2, 0.01)
    assert real_time.type("traffic", "churn", "--json") == 0
    (variant,) = json.loads(capsys.readouterr().out)["variants"]
    assert variant["activity"]["requests"] == 0


ROLLOUTS = [
    ({"strategy": "canary", "share_percent": 5, "wait_minutes": 3}, "canary, 5 % first for 3 min"),
    ({"strategy": "linear", "step_percent": 20, "wait_minutes": 3}, "linear, 20 % more every 3 min"),
    ({"strategy": "rolling", "batch_percent": 20, "wait_minutes": 3}, "rolling, 20 % of the instances every 3 min"),
    ({"strategy": "all-at-once"}, "all at once"),
]


@pytest.mark.parametrize(("rollout", "words"), ROLLOUTS)
def test_what_is_on_its_way_is_shown_with_how_it_comes(
    real_time: Account, capsys: Capture, rollout: dict[str, Any], words: str
) -> None:
    model = definition(deployment={"mode": "real-time", "rollout": rollout})
    uri = real_time.leave("definition.json", definition_document(model))
    arn = real_time.register("Approved", "261120100000-cccc", "0.9", definition=uri)
    put_live(real_time, 1, arriving=replace(deployment(3), package=PackageRef(arn, 3)), queued=deployment(2))
    put_endpoint()
    real_time.clients["stepfunctions"] = Rollouts("another", TRIAL)
    assert real_time.type("traffic", "churn") == 0
    counted, coming, waiting = capsys.readouterr().out.splitlines()[4:]
    assert counted.startswith("requests and errors, and those of v3 with them: since ")
    assert coming == f"v3 is on its way: {words}"
    assert waiting == "v2 waits until that has ended"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"way_back": True}, "all at once, as every way back"),
        ({"endpoint_name": "sluice-dev-churn"}, "all at once, on sluice-dev-churn"),
        ({"trial": Trial("shadow", PackageRef(version_arn(1), 1), 100)}, "shadow beside v1"),
    ],
)
def test_not_everything_comes_by_the_definitions_rollout(
    real_time: Account, capsys: Capture, changes: dict[str, Any], words: str
) -> None:
    put_live(real_time, 1, arriving=replace(deployment(2), **changes))
    put_endpoint()
    real_time.clients["stepfunctions"] = Rollouts("another", TRIAL)
    assert real_time.type("traffic", "churn") == 0
    assert f"v2 is on its way: {words}" in capsys.readouterr().out.splitlines()


DECIDE = (
    "decide    it stays so until you do: sluice traffic churn --set v2=100 --reason …, or sluice rollback churn "
    "--reason …, which rejects v2"
)


def test_a_trial_that_ended_without_a_winner_says_who_decides_and_how(trial: Account, capsys: Capture) -> None:
    beside = Trial("ab-test", PackageRef(version_arn(1), 1), 10, (Step(10, 3600),))
    put_live(trial, 1, trial=replace(deployment(2), trial=beside))
    trial.clients["stepfunctions"] = Rollouts(ENDPOINT, TRIAL, "SUCCEEDED")
    assert trial.type("traffic", "churn") == 0
    assert "decide" not in capsys.readouterr().out
    details = {"package": version_arn(2), "decision": "keep"}
    trial.audit_log.write(AuditEntry("churn", "TRIAL_CONCLUDED", NOW, "sluice", "too few requests", details))
    assert trial.type("traffic", "churn") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["trial     is over: too few requests", DECIDE]


def test_a_split_that_a_person_asked_for_says_that_nothing_ends_it(trial: Account, capsys: Capture) -> None:
    beside = Trial("ab-test", PackageRef(version_arn(1), 1), 10)
    put_live(trial, 1, trial=replace(deployment(2), trial=beside))
    trial.clients["stepfunctions"] = Rollouts("another", TRIAL)
    assert trial.type("traffic", "churn") == 0
    split = "split     as somebody asked for: nothing compares the two"
    assert capsys.readouterr().out.splitlines()[-2:] == [split, DECIDE]


def test_without_an_alias_the_endpoint_is_found_by_its_name(account: Account, capsys: Capture) -> None:
    put_live(account, 1)
    put_endpoint()
    account.clients["stepfunctions"] = Rollouts("another", TRIAL)
    assert account.type("traffic", "churn") == 0
    row = capsys.readouterr().out.splitlines()[3].split()
    assert row[:5] == ["AllTraffic", "v1", "live", "100", "%"]


def test_a_split_is_asked_for_with_its_steps(real_time: Account, capsys: Capture) -> None:
    typed = ["traffic", "churn", "--set", "v2=10,v1=90", "--steps", "10:60m,50:2h,100:1d", "--reason", "try it"]
    assert real_time.type(*typed) == 0
    ((kind, detail),) = real_time.bus.sent
    assert kind == "Traffic Requested"
    assert detail["weights"] == {"2": 10, "1": 90}
    held = [(step["share_percent"], step["hold_minutes"]) for step in detail["steps"]]
    assert held == [(10, 60), (50, 120), (100, 1440)]
    assert (detail["reason"], detail["requested_by"][:8]) == ("try it", "arn:aws:")
    assert "churn: v2 10 %, v1 90 % (steps: 10 % for 60 min, then" in capsys.readouterr().out


def test_all_traffic_to_one_version(real_time: Account, capsys: Capture) -> None:
    assert real_time.type("traffic", "churn", "--set", "2=100", "--reason", "x", "--json") == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "requested"
    assert [detail["weights"] for _, detail in real_time.bus.sent] == [{"2": 100}]


def test_all_traffic_to_what_has_it_is_nothing_to_do(real_time: Account, capsys: Capture) -> None:
    put_endpoint()
    assert real_time.type("traffic", "churn", "--set", "v1=100,v2=0", "--reason", "x") == 0
    assert "it is so already" in capsys.readouterr().out
    assert real_time.bus.sent == []


def test_all_traffic_to_the_live_version_ends_a_trial(trial: Account) -> None:
    assert trial.type("traffic", "churn", "--set", "v1=100", "--reason", "x") == 0
    assert [detail["weights"] for _, detail in trial.bus.sent] == [{"1": 100}]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--set", "v2=10,v1=80"], "the shares add up to 90, not to 100"),
        (["--set", "v2:10,v1:90"], "'v2:10' is no share. Write version=percent, as in v7=10,v6=90"),
        (["--set", "v1=50,1=50"], "v1 is there twice"),
        (["--set", "v1=50,v2=25,v3=25"], "3 versions"),
        (["--set", "v9=10,v1=90"], "churn has no v9. It has: v2, v1"),
        (["--set", "v2=10,v1=90", "--steps", "10"], "'10' is no step. Write percent:time"),
        (["--set", "v2=10,v1=90", "--steps", "10:1h,5:1h"], "the shares must rise, and are 10, 5"),
        (["--set", "v2=10,v1=90", "--steps", "10:30d"], "step 1: "),
        (["--set", "v2=10,v1=90", "--steps", "20:1h"], "they begin with 20, and --set gives v2 10"),
        (["--set", "v2=100", "--steps", "100:1h"], "they are for two versions"),
    ],
)
def test_bad_input_says_what_to_write(real_time: Account, capsys: Capture, options: list[str], reason: str) -> None:
    assert real_time.type("traffic", "churn", *options, "--reason", "x") == 2
    assert reason in capsys.readouterr().err
    assert real_time.bus.sent == []


def test_why_must_be_said_and_only_with_a_change(real_time: Account, capsys: Capture) -> None:
    assert real_time.type("traffic", "churn", "--set", "v1=100") == 2
    assert "--set: say why with --reason" in capsys.readouterr().err
    assert real_time.type("traffic", "churn", "--reason", "x") == 2
    assert "go with --set" in capsys.readouterr().err


def test_one_of_the_two_must_be_live(real_time: Account, capsys: Capture) -> None:
    real_time.register("Approved", "261120100000-cccc", "0.9")
    assert real_time.type("traffic", "churn", "--set", "v2=10,v3=90", "--reason", "x") == 2
    assert "one of the two must be v1, which is live" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["serverless", "asynchronous", "multi-model"])
def test_only_a_real_time_endpoint_splits(real_time: Account, capsys: Capture, mode: str) -> None:
    put_live(real_time, 1, live=replace(deployment(1), mode=mode))
    assert real_time.type("traffic", "churn", "--set", "v2=10,v1=90", "--reason", "x") == 1
    assert f"churn serves in mode {mode}: only a real-time endpoint splits" in capsys.readouterr().err
    assert real_time.type("traffic", "churn", "--set", "v2=100", "--reason", "x") == 0


def test_what_is_not_approved_gets_no_traffic(real_time: Account, capsys: Capture) -> None:
    real_time.registry.set_approval(version_arn(2), "Rejected", "bad")
    assert real_time.type("traffic", "churn", "--set", "v2=10,v1=90", "--reason", "x") == 1
    assert "churn v2 is Rejected, and only what is approved may have traffic" in capsys.readouterr().err


def test_what_is_on_its_way_comes_first(real_time: Account, capsys: Capture) -> None:
    put_live(real_time, 1, arriving=deployment(2))
    assert real_time.type("traffic", "churn", "--set", "v2=10,v1=90", "--reason", "x") == 1
    assert "v2 is on its way into production. Wait for it" in capsys.readouterr().err


def test_without_an_endpoint_there_is_no_traffic_to_see_or_to_split(account: Account, capsys: Capture) -> None:
    account.registry.set_approval(version_arn(2), "Approved", "good")
    assert account.type("traffic", "churn") == 1
    assert "churn has no endpoint. Approve a version first" in capsys.readouterr().err
    assert account.type("traffic", "churn", "--set", "v1=50,v2=50", "--reason", "x") == 1
    assert "no version of churn is in production" in capsys.readouterr().err
    assert account.type("traffic", "zzz") == 2
    assert account.type("traffic", "zzz", "--set", "v1=100", "--reason", "x") == 2


def test_an_endpoint_that_was_reaped_comes_back_by_its_version(account: Account) -> None:
    assert account.type("traffic", "churn", "--set", "v1=100", "--reason", "needed again") == 0
    assert [detail["weights"] for _, detail in account.bus.sent] == [{"1": 100}]
