"""What SageMaker, CloudWatch and Application Auto Scaling are asked for fits their models, whatever is defined."""

import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from localcloud.shapes import read_request
from sluice.definition import Deployment
from sluice.naming import (
    alarm_name,
    endpoint_config_name,
    endpoint_name,
    shared_config_name,
    shared_endpoint_name,
    target_model,
)
from sluice.serving.alarms import alarm_requests, recall_alarm
from sluice.serving.endpoint_config import Surroundings, Variant, endpoint_config_request, shared_model_container
from sluice.serving.guardrails import at_once, deployment_config
from sluice.serving.scaling import backlog_alarm, from_zero, scalable_target, tracking
from tests.definitions import definition

ARN = "arn:aws:sns:us-east-1:000000000000:topic"
KEY = "arn:aws:kms:us-east-1:000000000000:key/1234"
SURROUNDINGS = Surroundings("a-bucket", "arn:aws:iam::000000000000:role/r", KEY, ARN, ARN)
LONGEST = ("s" * 7, "m" * 24)
ROLLOUTS: list[dict[str, Any]] = [
    {"strategy": "all-at-once"},
    {"strategy": "canary", "share_percent": 50, "max_minutes": 480},
    {"strategy": "linear", "step_percent": 10, "wait_minutes": 50, "max_minutes": 480},
    {"strategy": "rolling", "batch_percent": 50},
    {"strategy": "ab-test"},
    {"strategy": "shadow"},
]
MODES: list[dict[str, Any]] = [
    {"mode": "serverless"},
    {"mode": "serverless", "provisioned_concurrency": 5, "memory_mb": 6144},
    {"mode": "real-time", "autoscaling": {"max_instances": 4}},
    {"mode": "real-time", "capture": None},
    {"mode": "asynchronous"},
    {"mode": "multi-model", "group": "small-ones"},
]


def settings_of(**deployment: Any) -> Deployment:
    return definition(deployment=deployment).deployment


def problems(service: str, operation: str, request: dict[str, Any]) -> str:
    """By botocore's own checks, and by the limits that it leaves to the service."""
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    report = ParamValidator().validate(request, model.input_shape)
    if not report.has_errors() and service == "sagemaker":
        read_request(model.input_shape, request)
    return str(report.generate_report())


@pytest.mark.parametrize("deployment", MODES, ids=lambda mode: "-".join(map(str, mode.values())))
def test_an_endpoint_config_of_each_mode_passes_sagemakers_model(deployment: dict[str, Any]) -> None:
    name = endpoint_config_name(*LONGEST, 99999, "cause")

    request = endpoint_config_request(name, LONGEST[1], [Variant(name, settings_of(**deployment))], SURROUNDINGS)

    assert not problems("sagemaker", "CreateEndpointConfig", request)


@pytest.mark.parametrize("shadow", [False, True], ids=["A/B", "shadow"])
def test_a_trials_config_passes_sagemakers_model(shadow: bool) -> None:
    settings = settings_of(mode="real-time")
    variants = [Variant("m6", settings, "v6", 90), Variant("m7", settings, "v7", 10, shadow)]

    request = endpoint_config_request("trial", "churn", variants, SURROUNDINGS)

    assert not problems("sagemaker", "CreateEndpointConfig", request)
    assert len(request.get("ShadowProductionVariants", [])) == shadow


@pytest.mark.parametrize("rollout", ROLLOUTS, ids=lambda rollout: rollout["strategy"])
def test_each_rollout_passes_sagemakers_model(rollout: dict[str, Any]) -> None:
    settings: Any = settings_of(mode="real-time", rollout=rollout)
    asked = {"EndpointName": "e", "EndpointConfigName": "c"}

    for config in (deployment_config(settings.rollout, ["an-alarm"]), at_once()):
        assert not problems("sagemaker", "UpdateEndpoint", {**asked, "DeploymentConfig": config})


def test_alarms_are_what_cloudwatch_takes_and_are_named_after_what_they_watch() -> None:
    settings: Any = settings_of(mode="real-time")

    requests = alarm_requests("sluice-dev-churn--real-time", ["AllTraffic", "v7"], settings.alarms, ARN)

    assert len({request["AlarmName"] for request in requests}) == 6
    for request in requests:
        assert not problems("cloudwatch", "PutMetricAlarm", request)
        assert len(request["AlarmName"]) <= 255
    assert requests[2]["Threshold"] == 1_000_000  # a second, in microseconds


def test_the_alarm_that_ends_a_rollout_stays_as_it_is_set() -> None:
    request = recall_alarm(endpoint_name(*LONGEST, "real-time"))

    assert not problems("cloudwatch", "PutMetricAlarm", request)
    assert len(request["AlarmName"]) <= 255
    assert request["TreatMissingData"] == "ignore"
    assert "AlarmActions" not in request


def test_a_bound_that_is_left_out_makes_no_alarm() -> None:
    settings: Any = settings_of(
        mode="real-time", alarms={"p99_latency_ms": None, "model_error_percent": None, "server_error_percent": 5}
    )

    (request,) = alarm_requests("e", ["AllTraffic"], settings.alarms, ARN)

    assert request["Threshold"] == 5


@pytest.mark.parametrize("mode", ["real-time", "asynchronous"])
def test_autoscaling_is_what_application_auto_scaling_takes(mode: str) -> None:
    settings: Any = settings_of(mode=mode, autoscaling={})
    target = scalable_target("e", "AllTraffic")
    policies = [("TargetTrackingScaling", tracking("e", settings.autoscaling))]
    if mode == "asynchronous":
        policies.append(("StepScaling", from_zero(settings.autoscaling)))

    for kind, policy in policies:
        request = {**target, "PolicyName": "p", "PolicyType": kind, f"{kind}PolicyConfiguration": policy}
        assert not problems("application-autoscaling", "PutScalingPolicy", request)
    assert not problems("cloudwatch", "PutMetricAlarm", backlog_alarm("b", "e", "arn:policy"))


def test_a_multi_model_container_passes_sagemakers_model() -> None:
    container = shared_model_container("image", "s3://b/multi-model/small/", {"A": "b"})

    request = {"ModelName": "m", "PrimaryContainer": container, "ExecutionRoleArn": SURROUNDINGS.role_arn}

    assert not problems("sagemaker", "CreateModel", request)


@pytest.mark.parametrize("mode", ["serverless", "real-time", "asynchronous", "multi-model"])
def test_the_longest_names_are_names(mode: str) -> None:
    shape = botocore.session.get_session().get_service_model("sagemaker").shape_for("EndpointName")
    names = [
        endpoint_name(*LONGEST, mode),
        shared_endpoint_name("s" * 7, "g" * 16),
        shared_config_name("s" * 7, "g" * 16, "content"),
    ]

    for name in names:
        assert len(name) <= shape.metadata["max"]
        assert re.fullmatch(shape.metadata["pattern"], name), name
    assert len(target_model(LONGEST[1], 99999)) <= 1024
    assert len(alarm_name(names[0], "AllTraffic", "server-errors")) <= 255
