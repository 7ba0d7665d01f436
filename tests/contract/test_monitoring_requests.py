"""What watching production asks for fits the services' models, and what a schedule sends is the event that is read."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from sluice.definition.data import Task
from sluice.events import CheckRequested
from sluice.images import image_uri
from sluice.monitoring.check import CheckNames
from sluice.monitoring.job import VersionFiles, job_request
from sluice.monitoring.window import batch_window, window_of
from sluice.monitoring.wishes import (
    MINUTE,
    Account,
    VersionBaseline,
    monitors,
    schedule_request,
    why_not_model_monitor,
)
from sluice.naming import check_of_job, endpoint_name, model_of_job_definition, model_of_schedule
from sluice.plan import CodeVersion, Surroundings
from tests.contract.test_endpoint_requests import KEY, LONGEST, problems
from tests.definitions import definition
from tests.events import load_event
from tests.template import resolved, resources_of

ACCOUNT = Account(
    stage=LONGEST[0],
    bucket="a-bucket",
    region="us-east-1",
    run_monitor_arn="arn:aws:lambda:us-east-1:000000000000:function:f",
    scheduler_role_arn="arn:aws:iam::000000000000:role/scheduler",
    dead_letters_arn="arn:aws:sqs:us-east-1:000000000000:dead-letters",
    job_role_arn="arn:aws:iam::000000000000:role/jobs",
    analyzer_image=image_uri("model-monitor", "us-east-1"),
    kms_key_arn=KEY,
)
BASELINE = VersionBaseline("s3://b/statistics.json", "s3://b/constraints.json", "s3://b/quality_constraints.json", None)
TARGETS: dict[Task, Any] = {"binary": "yes", "multiclass": None, "regression": None}
EVERY = (1, 2, 3, 4, 6, 8, 12, 24)


def test_the_job_of_a_check_passes_sagemakers_model_with_the_longest_names() -> None:
    window = batch_window("261120113000-0123456789ab")
    names = CheckNames.of(*LONGEST, window, "cause")
    code = CodeVersion("abc", "s3://b/code/abc/processing/", "s3://b/code/abc/sourcedir.tar.gz")
    surroundings = Surroundings(LONGEST[0], "b", ACCOUNT.job_role_arn, image_uri("xgboost", "us-east-1"), code, KEY)
    files = VersionFiles("s3://b/baseline/", "s3://b/evaluation/reference.json", "s3://b/model.tar.gz")
    manifests = {name: names.manifest(name) for name in ("captures", "earlier", "ground-truth")}

    request = job_request(
        names, names.report("batch", window.end), files, manifests, definition().monitoring, surroundings
    )

    assert not problems("sagemaker", "CreateProcessingJob", request)
    assert check_of_job(LONGEST[0], request["ProcessingJobName"]) == (LONGEST[1], names.check_id)


@pytest.mark.parametrize("hours", EVERY)
@pytest.mark.parametrize("key", [KEY, None])
def test_a_schedule_passes_eventbridge_schedulers_model(hours: int, key: str | None) -> None:
    request = schedule_request(replace(ACCOUNT, kms_key_arn=key), LONGEST[1], hours)

    assert not problems("scheduler", "CreateSchedule", request)
    assert not problems("scheduler", "UpdateSchedule", request)
    assert len(request["Name"]) <= 64
    assert model_of_schedule(LONGEST[0], request["Name"]) == LONGEST[1]


def test_what_a_schedule_sends_is_the_canonical_event() -> None:
    sent = schedule_request(replace(ACCOUNT, stage="dev"), "churn", 1)["Target"]["Input"]
    due = sent.replace("<aws.scheduler.scheduled-time>", "2026-11-20T21:05:00Z").replace("<aws.", "x").replace(">", "")

    event = CheckRequested.model_validate_json(due)

    assert event.detail == CheckRequested.model_validate(load_event("check_requested")).detail
    assert window_of(event.asked_at, 1, now=False).end.hour == 21
    assert set(json.loads(sent)) == set(load_event("check_requested"))


@pytest.mark.parametrize("hours", EVERY)
def test_a_firing_looks_at_the_hours_between_it_and_the_one_before(hours: int) -> None:
    fires = [hour for hour in range(24) if hour % hours == 0]
    windows = [window_of(_at(hour), hours, now=False) for hour in fires]

    assert all(first.end == second.start for first, second in pairwise(windows))


def _at(hour: int) -> Any:
    return CheckRequested.model_validate(
        load_event("check_requested") | {"time": f"2026-11-20T{hour:02d}:{MINUTE:02d}:00Z"}
    ).asked_at


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("hours", EVERY)
@pytest.mark.parametrize("key", [KEY, None])
def test_model_monitors_definitions_and_schedules_pass_sagemakers_model(
    task: Task, hours: int, key: str | None
) -> None:
    model = definition(
        name=LONGEST[1],
        data__task=task,
        data__positive_label=TARGETS[task],
        deployment={"mode": "real-time"},
        monitoring={"enabled": True, "engine": "model-monitor", "every_hours": hours},
    )
    endpoint = endpoint_name(*LONGEST, "real-time")

    baseline = replace(BASELINE, threshold=0.37 if task == "binary" else None)

    made = monitors(replace(ACCOUNT, kms_key_arn=key), model, 99999, endpoint, baseline)

    assert [one.kind for one in made] == ["data-quality", "model-quality"]
    for one, operation in zip(made, ("CreateDataQualityJobDefinition", "CreateModelQualityJobDefinition"), strict=True):
        assert not problems("sagemaker", operation, one.definition)
        assert not problems("sagemaker", "CreateMonitoringSchedule", one.schedule)
        assert model_of_schedule(LONGEST[0], one.name) == LONGEST[1]
        assert model_of_job_definition(LONGEST[0], one.definition_name) == LONGEST[1]
    quality = made[1].definition["StoppingCondition"]["MaxRuntimeInSeconds"]
    assert quality <= (1800 if hours == 1 else 3600), "an hourly schedule leaves model quality half of its hour"


@pytest.mark.parametrize("task", TARGETS)
def test_model_quality_is_asked_for_in_words_that_the_analyzer_knows(task: Task) -> None:
    """Its two classes are 0 and 1: of a label that is a word it could not tell which is which."""
    model = definition(data__task=task, data__positive_label=TARGETS[task], deployment={"mode": "real-time"})
    baseline = replace(BASELINE, threshold=0.37 if task == "binary" else None)

    asked = monitors(ACCOUNT, model, 7, "churn", baseline)[1].definition["ModelQualityJobInput"]["EndpointInput"]

    assert {name: value for name, value in asked.items() if name.endswith("Attribute")} == {
        "binary": {"ProbabilityAttribute": "predictions[0].probability", "ProbabilityThresholdAttribute": 0.37},
        "multiclass": {"InferenceAttribute": "predictions[0].label"},
        "regression": {"InferenceAttribute": "predictions[0].prediction"},
    }[task]


@pytest.mark.parametrize(
    ("label", "falls_back"), [("yes", False), ("1", False), (1, False), ("1.0", False), ("0", True), (2, True)]
)
def test_a_positive_label_that_1_would_be_the_opposite_of_is_not_for_model_monitor(
    label: str | int, falls_back: bool
) -> None:
    model = definition(data__positive_label=label, deployment={"mode": "real-time"})

    why = why_not_model_monitor(ACCOUNT, model)

    assert why == (f"Model Monitor's positive label is 1, and this model's is {label}" if falls_back else None)


def test_the_schedulers_role_starts_checks_and_nothing_else_for_this_account_only() -> None:
    role = resolved(resources_of("AWS::IAM::Role")["SchedulerRole"]["Properties"])

    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert "aws:SourceAccount" in trust["Condition"]["StringEquals"]
    actions = {one["Action"]: one["Resource"] for one in role["Policies"][0]["PolicyDocument"]["Statement"]}
    assert actions == {
        "lambda:InvokeFunction": "<RunMonitor.Arn>",
        "sqs:SendMessage": "<EventDeadLetters.Arn>",
    }
