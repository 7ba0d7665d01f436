"""Trials for real: two versions beside each other on one endpoint, requests through them, and what came of it."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.trained_model import TrainedModel
from tests.events import load_event
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROWS = [("3", "basic", "110.0"), ("70", "plus", "25.0"), ("20", "plus", "80.0")]
# AWS's seconds last a fiftieth here, and the machine may be slow: ten minutes are twelve seconds.
HOLD_MINUTES = 10
ALARMS = {"server_error_percent": 99.0, "model_error_percent": None, "p99_latency_ms": None}
FORGIVING = {"minimum_invocations": 20, "maximum_latency_increase": 100_000.0}
AB_TEST = {
    "strategy": "ab-test",
    "steps": [{"share_percent": 30, "hold_minutes": HOLD_MINUTES}, {"share_percent": 60, "hold_minutes": HOLD_MINUTES}],
    "minimum_labels": 10,
    **FORGIVING,
}
SHADOW = {"strategy": "shadow", "hold_minutes": HOLD_MINUTES, "minimum_agreement_percent": 0, **FORGIVING}


def serving(**rollout: Any) -> dict[str, Any]:
    return {"mode": "real-time", "rollout": rollout or {"strategy": "all-at-once"}, "alarms": ALARMS, "capture": {}}


@contextmanager
def requests_to(model: TrainedModel, endpoint: str) -> Iterator[Counter[str]]:
    """Keeps asking in the background; counts which variant answered. A request that fails is one of ''."""
    runtime, answered, done = model.client("sagemaker-runtime"), Counter[str](), threading.Event()

    def ask() -> None:
        number = 0
        while not done.wait(0.02):
            number += 1
            row = ROWS[number % len(ROWS)]
            try:
                answer = runtime.invoke_endpoint(
                    EndpointName=endpoint,
                    ContentType="text/csv",
                    Accept="text/csv",
                    InferenceId=f"{model.name}-{number}",
                    Body="tenure,plan,monthly\n" + ",".join(row),
                )
                answered[answer["InvokedProductionVariant"]] += 1
            except ClientError:
                answered[""] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answered
    finally:
        done.set()
        thread.join()


def tell_the_truth(model: TrainedModel, count: int) -> None:
    """Of the first so many requests; the same for every row of its kind, which both models know alike."""
    lines = [
        {
            "groundTruthData": {"data": "Yes" if number % len(ROWS) == 0 else "No", "encoding": "CSV"},
            "eventMetadata": {"eventId": f"{model.name}-{number}"},
            "eventVersion": "0",
        }
        for number in range(1, count + 1)
    ]
    key = f"models/{model.name}/ground-truth/{datetime.now(UTC):%Y/%m/%d/%H}/labels.jsonl"
    body = "\n".join(json.dumps(line) for line in lines).encode()
    model.client("s3").put_object(Bucket=model.stage.bucket, Key=key, Body=body)


def trials(model: TrainedModel) -> list[dict[str, Any]]:
    states = model.client("stepfunctions")
    found = states.list_executions(stateMachineArn=model.stage.outputs["RolloutStateMachineArn"])["executions"]
    return [one for one in found if f"-{model.name}-" in one["name"]]


def try_beside(model: TrainedModel, rollout: dict[str, Any]) -> tuple[str, str]:
    """Version 1 serves, version 2 is tried beside it; the endpoint and the config of the trial."""
    first = model.train(deployment=serving())["package_arn"]
    second = model.train(deployment=serving(**rollout))["package_arn"]
    model.decide(first, "Approved")
    eventually(lambda: "DEPLOYED" in model.actions(), "version 1 deployed", 120)
    model.decide(second, "Approved")
    (trial,) = eventually(lambda: trials(model), "the trial begins", 120)
    return f"sluice-dev-{model.name}--real-time", trial["name"]


def concluded(model: TrainedModel) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        return next((entry for entry in model.audit() if entry["action"] == "TRIAL_CONCLUDED"), None)

    return eventually(look, "the trial is concluded", 240)


def test_an_ab_test_moves_traffic_and_promotes_the_challenger(model: TrainedModel) -> None:
    endpoint, config = try_beside(model, AB_TEST)
    with requests_to(model, endpoint) as answered:
        eventually(lambda: min(answered["v1"], answered["v2"]) >= 30, "both variants answer", 120)
        tell_the_truth(model, 2000)
        entry = concluded(model)
        model.await_deployed(2, 120)

    report = json.loads(model.read(json.loads(entry["details"])["report"]))
    assert (report["decision"], report["config_name"]) == ("promote", config), report["reason"]
    assert min(report[side]["traffic"]["requests"] for side in ("champion", "challenger")) >= 20
    assert min(report[side]["labels"] for side in ("champion", "challenger")) >= 10, report["read"]
    assert answered[""] == 0, "a request was lost"
    described = model.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    assert [variant["VariantName"] for variant in described["ProductionVariants"]] == ["AllTraffic"]
    assert "-v2-" in described["EndpointConfigName"]


def test_an_alarm_takes_the_challenger_back_and_what_it_left_is_cleaned_up(model: TrainedModel) -> None:
    endpoint, config = try_beside(model, AB_TEST)
    # Whether alarms are true is the local cloud's own test: here one rings until it has been heard.
    cloudwatch = model.client("cloudwatch")
    with requests_to(model, endpoint) as answered:
        alarm = {"AlarmName": f"{endpoint}/v2/server-errors", "StateValue": "ALARM", "StateReason": "by the test"}

        def back() -> bool:
            cloudwatch.set_alarm_state(**alarm)
            return model.actions().count("DEPLOYED") == 2 and model.is_settled()

        eventually(back, "version 1 has all traffic again", 120)
        # DeployModel hears the alarm itself, and may be faster than the machine that watches the trial.
        whys = [entry["why"] for entry in model.audit() if entry["action"] in ("ROLLBACK_REQUESTED", "TRIAL_CONCLUDED")]
        assert any(f"{endpoint}/v2/server-errors" in why for why in whys), whys
        clean_up_whatever_its_age(model)

    assert answered[""] == 0, "a request was lost"
    sagemaker = model.client("sagemaker")
    (left,) = sagemaker.list_endpoint_configs(NameContains=f"-{model.name}-v")["EndpointConfigs"]
    assert left["EndpointConfigName"] == sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    assert left["EndpointConfigName"] != config
    assert [found["ModelName"] for found in sagemaker.list_models(NameContains=f"-{model.name}-v")["Models"]] == [
        left["EndpointConfigName"]
    ]
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"{endpoint}/")["MetricAlarms"]
    assert {found["AlarmName"] for found in alarms} == {
        f"{endpoint}/AllTraffic/{kind}" for kind in ("server-errors", "recall")
    }


def clean_up_whatever_its_age(model: TrainedModel) -> None:
    functions, name = model.client("lambda"), "sluice-dev-clean-up"
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    young = {**variables, "LEAST_AGE_SECONDS": "0"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": young})
    try:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(load_event("clean_up")).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def test_a_shadow_is_compared_with_what_serves(model: TrainedModel) -> None:
    endpoint, _ = try_beside(model, {**SHADOW, "after": "ask"})
    with requests_to(model, endpoint) as answered:
        entry = concluded(model)

    assert set(answered) == {"v1"}, "a shadow's answer went to a caller, or a request was lost"
    report = json.loads(model.read(json.loads(entry["details"])["report"]))
    assert report["decision"] == "keep", report["reason"]
    assert "A person decides" in report["reason"]
    assert report["agreement"]["pairs"] >= 20, report
