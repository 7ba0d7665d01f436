"""`sluice cost`: what it takes from CloudWatch, from the definition and from the person."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from sluice.cost import HOURS_PER_MONTH
from sluice.prices import price_per_hour
from tests.definitions import definition_fields
from tests.unit.cli.conftest import BUCKET, Account, put_alias, session

Capture = pytest.CaptureFixture[str]
SERVERLESS, WARM, REAL_TIME, ASYNCHRONOUS, MULTI_MODEL, BATCH = range(6)


def put_definition(account: Account, **changes: Any) -> None:
    body = yaml.safe_dump(definition_fields(**changes)).encode()
    account.s3.put_object(Bucket=BUCKET, Key="models/churn/model.yaml", Body=body)


def count(endpoint: str, hours_ago: float, requests: int, milliseconds: float) -> None:
    common: dict[str, Any] = {
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "AllTraffic"}],
        "Timestamp": datetime.now(UTC) - timedelta(hours=hours_ago),
    }
    metrics = {"Invocations": 1.0, "ModelLatency": milliseconds * 1000}
    data = [{"MetricName": name, "Value": value, **common} for name, value in metrics.items() for _ in range(requests)]
    session().client("cloudwatch").put_metric_data(Namespace="AWS/SageMaker", MetricData=data)


@pytest.fixture
def defined(account: Account) -> Account:
    put_definition(account)
    return account


def found(account: Account, capsys: Capture, *options: str) -> dict[str, Any]:
    assert account.type("cost", "churn", "--json", *options) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_month_is_told_for_every_mode_and_against_the_present_one(defined: Account, capsys: Capture) -> None:
    put_alias(mode="real-time")
    document = found(defined, capsys, "--requests-per-month", "1000000", "--milliseconds", "100")
    offers = document["offers"]
    hour = price_per_hour("us-east-1", "ml.m5.large")
    assert hour is not None
    assert [offer["mode"] for offer in offers] == [
        "serverless",
        "serverless",
        "real-time",
        "asynchronous",
        "multi-model",
        "batch",
    ]
    assert [offer["present"] for offer in offers] == [False, False, True, False, False, False]
    assert offers[REAL_TIME]["parts"]["instances"] == pytest.approx(hour * HOURS_PER_MONTH)
    saved = offers[REAL_TIME]["usd_per_month"] - offers[SERVERLESS]["usd_per_month"]
    assert offers[SERVERLESS]["saves_usd_per_month"] == pytest.approx(saved)
    assert document["traffic"]["source"] == {"requests": "given", "milliseconds": "given"}
    assert document["break_even_requests"] > 1e6


def test_the_traffic_is_what_cloudwatch_counted(defined: Account, capsys: Capture) -> None:
    """Ten requests in the ten hours that the endpoint has been asked: 730 a month."""
    put_alias()
    count("sluice-dev-churn--real-time", 10, 4, 20)
    count("sluice-dev-churn--real-time", 1, 6, 20)
    document = found(defined, capsys)
    assert document["traffic"]["requests"] == pytest.approx(HOURS_PER_MONTH, rel=0.1)
    assert document["traffic"]["milliseconds"] == pytest.approx(20)
    assert document["traffic"]["source"]["requests"].startswith("observed over 1")


def test_of_a_shared_endpoints_requests_a_model_has_its_share(defined: Account, capsys: Capture) -> None:
    shared = {"endpoint_name": "sluice-dev--multi-shared", "mode": "multi-model", "target_model": "x.tar.gz"}
    put_alias(**shared)
    put_alias(model="upsell", **shared)
    count("sluice-dev--multi-shared", 10, 20, 20)
    document = found(defined, capsys)
    assert document["traffic"]["requests"] == pytest.approx(HOURS_PER_MONTH, rel=0.1)
    assert "an even share of 2 models'" in document["traffic"]["source"]["requests"]
    assert document["offers"][MULTI_MODEL]["settings"] == "1 x ml.m5.large, shared by 2 models"
    assert document["offers"][MULTI_MODEL]["present"]


def test_without_requests_that_is_said_and_times_are_assumed(defined: Account, capsys: Capture) -> None:
    assert defined.type("cost", "churn") == 0
    shown = capsys.readouterr().out
    assert "traffic   0 requests a month (none seen)" in shown
    assert "50.0 ms each (assumed)" in shown
    assert "give a number with --requests-per-month" in shown
    assert "one run   " in shown


def test_the_definition_says_what_it_would_run_on(account: Account, capsys: Capture) -> None:
    put_definition(account, deployment={"mode": "real-time", "instance_type": "ml.c5.xlarge", "initial_instances": 3})
    offers = found(account, capsys)["offers"]
    assert offers[REAL_TIME]["settings"] == "3 x ml.c5.xlarge"
    assert offers[ASYNCHRONOUS]["settings"].endswith("x ml.c5.xlarge on average")


def test_provisioned_concurrency_has_no_price_and_says_so(account: Account, capsys: Capture) -> None:
    put_definition(account, deployment={"mode": "serverless", "memory_mb": 1024, "provisioned_concurrency": 2})
    put_alias(mode="serverless", endpoint_name="sluice-dev-churn")
    assert account.type("cost", "churn", "--requests-per-month", "10") == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if "1024 MB, 2 kept warm" in line)
    assert row.split()[-3:] == ["no", "price", "now"]
    on_demand = next(line.split() for line in lines if line.split()[:3] == ["serverless", "1024", "MB"])
    assert on_demand[3:] == ["under", "$0.01", "-"]


def test_what_has_no_price_makes_no_break_even(account: Account, capsys: Capture) -> None:
    put_definition(account, deployment={"mode": "real-time", "instance_type": "ml.x9.large"})
    document = found(account, capsys)
    assert {document["offers"][mode]["usd_per_month"] for mode in (REAL_TIME, ASYNCHRONOUS, MULTI_MODEL)} == {None}
    assert (document["break_even_requests"], document["break_even_beyond"]) == (None, None)
    assert account.type("cost", "churn") == 0
    assert "break-even: no price" in capsys.readouterr().out


def test_a_load_that_the_maximum_does_not_carry_is_told(account: Account, capsys: Capture) -> None:
    """20,000 requests a minute, and 4 instances of 1,000 each."""
    put_definition(account, deployment={"mode": "real-time", "autoscaling": {"max_instances": 4}})
    load = ["--requests-per-month", str(20_000 * 60 * HOURS_PER_MONTH), "--milliseconds", "20"]
    document = found(account, capsys, *load, "--shared-by", "3")
    capped = "4 x ml.m5.large (the maximum; its target asks for 20)"
    assert document["offers"][REAL_TIME]["settings"] == capped
    assert document["offers"][MULTI_MODEL]["settings"] == f"{capped}, shared by 3 models"
    beyond = document["break_even_beyond"]
    assert beyond["wanted_instances"] > beyond["max_instances"] == 4
    assert account.type("cost", "churn", *load) == 0
    told = f"at that load autoscaling's target asks for {beyond['wanted_instances']} instances, and max_instances is 4"
    assert told in capsys.readouterr().out


def test_a_load_that_the_instances_carry_is_no_warning(account: Account, capsys: Capture) -> None:
    put_definition(account, deployment={"mode": "real-time", "autoscaling": {"max_instances": 100}})
    document = found(account, capsys, "--requests-per-month", "1000", "--milliseconds", "1000")
    assert document["offers"][REAL_TIME]["settings"] == "1 x ml.m5.large"
    assert document["break_even_beyond"] is None


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["zzz"], "there is no model 'zzz'"),
        (["churn", "--requests-per-month", "-1"], "requests-per-month"),
        (["churn", "--milliseconds", "0"], "milliseconds"),
        (["churn", "--region", "mars-1"], "--region mars-1: there are no prices for it. There are for us-east-1"),
    ],
)
def test_bad_input(defined: Account, capsys: Capture, arguments: list[str], reason: str) -> None:
    assert defined.type("cost", *arguments) == 2
    assert reason in capsys.readouterr().err
