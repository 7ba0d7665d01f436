"""The API of definitions and schedules: what is refused, listed, changed, and what ends."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from localcloud.errors import ApiError
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless
from tests.unit.localcloud.sagemaker.monitoring.conftest import staged
from tests.unit.localcloud.sagemaker.monitoring.requests import ROLE, data_quality, model_quality, schedule
from tests.waiting import eventually

HOURLY = {"ScheduleExpression": "cron(0 * ? * * *)"}
WATCH = {"MonitoringScheduleName": "watch"}


def refused(stage, operation, code="ValidationException", **request):
    with pytest.raises(ApiError) as caught:
        stage(operation, **request)
    assert caught.value.code == code
    return caught.value.message


def watch(stage, do="", name="watch", **config):
    stage("CreateDataQualityJobDefinition", **data_quality(environment={"DO": do} if do else {}))
    stage("CreateMonitoringSchedule", **schedule(name, **(config or HOURLY)))
    return stage.settled(name)


def test_a_definition_is_described_as_it_was_given(stage):
    request = data_quality(Tags=[{"Key": "team", "Value": "risk"}])
    arn = stage("CreateDataQualityJobDefinition", **request)["JobDefinitionArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:data-quality-job-definition/drift"
    described = stage("DescribeDataQualityJobDefinition", JobDefinitionName="drift")
    assert {name: described[name] for name in request if name != "Tags"} == data_quality()
    assert stage("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "risk"}]
    assert "already exists" in refused(stage, "CreateDataQualityJobDefinition", "ResourceInUse", **request)


def test_creating_a_definition_takes_the_permission_and_passing_its_role(stage):
    stage("CreateModelQualityJobDefinition", **model_quality())
    asked = {(one.action, one.resource.rpartition(":")[2]) for one in stage.cloud.authorizations}
    assert ("sagemaker:CreateModelQualityJobDefinition", "model-quality-job-definition/quality") in asked
    assert ("iam:PassRole", "role/monitor") in asked
    passed = next(one for one in stage.cloud.authorizations if one.action == "iam:PassRole" and one.resource == ROLE)
    assert passed.context == {"iam:PassedToService": "sagemaker.amazonaws.com"}
    for denied in ("iam:PassRole", "sagemaker:CreateDataQualityJobDefinition"):
        stage.cloud.denied = {denied}
        assert denied in refused(stage, "CreateDataQualityJobDefinition", "AccessDeniedException", **data_quality())


def changed(request, path, value):
    at = request
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return request


APPLICATION, INPUT = "DataQualityAppSpecification", ("DataQualityJobInput", "EndpointInput")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((APPLICATION, "ImageUri"), "1.dkr.ecr.us-east-1.amazonaws.com/mine:1", "the local cloud has the image"),
        ((APPLICATION, "ContainerEntrypoint"), ["sh"], "ContainerEntrypoint is not implemented"),
        ((APPLICATION, "RecordPreprocessorSourceUri"), "s3://b/p.py", "RecordPreprocessorSourceUri is not implemented"),
        ((APPLICATION, "PostAnalyticsProcessorSourceUri"), "s3://b/p.py", "PostAnalyticsProcessorSourceUri is not"),
        ((*INPUT, "EndpointName"), "absent", 'Could not find endpoint "arn:'),
        ((*INPUT, "LocalPath"), "/tmp/in", "must begin with /opt/ml/processing/"),
        ((*INPUT, "S3InputMode"), "Pipe", "S3InputMode Pipe is not implemented"),
        ((*INPUT, "InferenceAttribute"), "0", "InferenceAttribute is not implemented"),
        (("DataQualityJobInput",), {}, "EndpointInput is required"),
        (("DataQualityBaselineConfig",), {"BaseliningJobName": "job"}, "BaseliningJobName alone is not implemented"),
    ],
)
def test_what_a_definition_may_not_hold_is_named(stage, path, value, words):
    request = changed(data_quality(), path, value)
    assert words in refused(stage, "CreateDataQualityJobDefinition", **request)


def test_model_quality_needs_to_know_what_to_compare(stage):
    no_attribute = model_quality()
    del no_attribute["ModelQualityJobInput"]["EndpointInput"]["ProbabilityAttribute"]
    assert "InferenceAttribute or ProbabilityAttribute is required" in refused(
        stage, "CreateModelQualityJobDefinition", **no_attribute
    )
    regression = changed(model_quality(), ("ModelQualityAppSpecification", "ProblemType"), "Regression")
    assert "InferenceAttribute is required for Regression" in refused(
        stage, "CreateModelQualityJobDefinition", **regression
    )
    nowhere = changed(model_quality(), ("ModelQualityJobInput", "GroundTruthS3Input"), {})
    assert "GroundTruthS3Input.S3Uri" in refused(stage, "CreateModelQualityJobDefinition", **nowhere)


@pytest.mark.parametrize(
    ("variant", "capture", "words"),
    [(instances("other"), False, "Data capture is not enabled"), (serverless("other"), False, "is serverless")],
)
def test_an_endpoint_that_cannot_be_monitored_is_refused(stage, variant, capture, words):
    stage.endpoint("other", capture, **variant)
    request = changed(data_quality(), (*INPUT, "EndpointName"), "other")
    assert words in refused(stage, "CreateDataQualityJobDefinition", **request)


def test_an_account_that_model_monitor_is_closed_to_is_told_so(stage):
    stage("CreateDataQualityJobDefinition", **data_quality())
    arn = stage("DescribeEndpoint", EndpointName="churn")["EndpointArn"]
    stage("AddTags", ResourceArn=arn, Tags=[{"Key": "localcloud:model-monitor", "Value": "closed"}])
    for operation, request in (
        ("CreateMonitoringSchedule", schedule()),
        ("CreateDataQualityJobDefinition", data_quality("second")),
        ("CreateModelQualityJobDefinition", model_quality()),
    ):
        message = refused(stage, operation, "AccessDeniedException", **request)
        assert (
            message == f"{operation} is not allowed: Amazon SageMaker Model Monitor is not available to new customers."
        )
    stage("DeleteTags", ResourceArn=arn, TagKeys=["localcloud:model-monitor"])
    stage("CreateMonitoringSchedule", **schedule())


def test_without_a_program_for_the_analyzers_image_schedules_are_refused(tmp_path):
    stage = staged(tmp_path, None)
    try:
        stage.endpoint()
        stage("CreateDataQualityJobDefinition", **data_quality())
        assert "--analyzer" in refused(stage, "CreateMonitoringSchedule", **schedule())
    finally:
        stage.close()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"ScheduleExpression": "rate(1 hour)"}, "Model Monitor takes"),
        ({"ScheduleExpression": "NOW"}, "DataAnalysisStartTime is required"),
        (HOURLY | {"DataAnalysisStartTime": "-PT30H"}, "by more than 24 hours"),
    ],
)
def test_a_time_that_is_none_is_refused(stage, config, words):
    stage("CreateDataQualityJobDefinition", **data_quality())
    assert words in refused(stage, "CreateMonitoringSchedule", **schedule(**config))


def test_a_schedule_names_a_definition_of_its_kind(stage):
    stage("CreateDataQualityJobDefinition", **data_quality())
    assert "Monitoring Job Definition" in refused(
        stage, "CreateMonitoringSchedule", "ResourceNotFound", **schedule(kind="ModelQuality")
    )
    assert "MonitoringType ModelBias is not implemented" in refused(
        stage, "CreateMonitoringSchedule", **schedule(kind="ModelBias")
    )


def test_an_hourly_job_may_not_take_longer_than_its_share_of_the_hour(stage):
    stage("CreateModelQualityJobDefinition", **model_quality(StoppingCondition={"MaxRuntimeInSeconds": 1801}))
    hourly = schedule(definition="quality", kind="ModelQuality", **HOURLY)
    assert "can be up to 1800" in refused(stage, "CreateMonitoringSchedule", **hourly)
    stage(
        "CreateMonitoringSchedule",
        **schedule(definition="quality", kind="ModelQuality", ScheduleExpression="cron(0 0/2 ? * * *)"),
    )


def test_a_schedule_is_pending_then_scheduled_described_listed_and_named_once(stage):
    assert watch(stage) == "Scheduled"
    described = stage("DescribeMonitoringSchedule", **WATCH)
    assert described["MonitoringScheduleArn"] == "arn:aws:sagemaker:us-east-1:000000000000:monitoring-schedule/watch"
    assert described["MonitoringScheduleConfig"] == schedule(**HOURLY)["MonitoringScheduleConfig"]
    assert (described["EndpointName"], described["MonitoringType"]) == ("churn", "DataQuality")
    stage("CreateMonitoringSchedule", **schedule("second"))
    assert "already exists" in refused(stage, "CreateMonitoringSchedule", "ResourceInUse", **schedule())

    listed = stage("ListMonitoringSchedules", EndpointName="churn", MonitoringJobDefinitionName="drift", MaxResults=1)
    assert [one["MonitoringScheduleName"] for one in listed["MonitoringScheduleSummaries"]] == ["second"]
    more = stage("ListMonitoringSchedules", NextToken=listed["NextToken"], MaxResults=1)
    assert [one["MonitoringScheduleName"] for one in more["MonitoringScheduleSummaries"]] == ["watch"]
    assert not stage("ListMonitoringSchedules", EndpointName="other")["MonitoringScheduleSummaries"]
    assert not stage("ListMonitoringSchedules", MonitoringTypeEquals="ModelQuality")["MonitoringScheduleSummaries"]
    definitions = stage("ListDataQualityJobDefinitions", EndpointName="churn")["JobDefinitionSummaries"]
    assert [one["MonitoringJobDefinitionName"] for one in definitions] == ["drift"]
    assert not stage("ListModelQualityJobDefinitions")["JobDefinitionSummaries"]


def test_a_recurring_schedule_fires_again_and_again_and_never_twice_at_a_time(tmp_path, analyzer):
    # An hour lasts 0.36 s; the analyzer takes longer.
    stage = staged(tmp_path / "state", analyzer, time_scale=0.0001)
    try:
        stage.endpoint()
        stage.captured("a")
        watch(stage, "nap")
        eventually(lambda: len(stage.executions(StatusEquals="Completed")) >= 3)
        eventually(lambda: stage.executions(StatusEquals="InProgress"))
        # The execution under way goes on, and the schedule does not fire beside it when it is started again.
        stage("StopMonitoringSchedule", **WATCH)
        assert stage.settled() == "Stopped"
        count = len(stage.executions(MaxResults=100))
        stage("StartMonitoringSchedule", **WATCH)
        eventually(lambda: len(stage.executions(MaxResults=100, StatusEquals="Completed")) >= count + 2)
        ended = stage.executions(StatusEquals="Completed", SortOrder="Ascending", MaxResults=100)
        for one, following in itertools.pairwise(ended):
            assert one["LastModifiedTime"] <= following["CreationTime"]
    finally:
        stage.close()


def test_a_schedule_that_runs_once_runs_once_and_again_when_it_is_updated(stage):
    stage.captured("a")
    stage("CreateDataQualityJobDefinition", **data_quality())
    stage("CreateMonitoringSchedule", **schedule())
    first = stage.executed()
    stage("StopMonitoringSchedule", **WATCH)
    assert stage.settled() == "Stopped"
    stage("StartMonitoringSchedule", **WATCH)
    assert stage.settled() == "Scheduled"
    stage("UpdateMonitoringSchedule", **schedule())
    eventually(lambda: len(stage.executions()) == 2 and stage.executed()["ScheduledTime"] > first["ScheduledTime"])


def test_a_change_waits_for_the_one_before(stage, tmp_path, analyzer):
    slow = staged(tmp_path / "slow", analyzer, time_scale=1.0)
    try:
        slow.endpoint()
        slow("CreateDataQualityJobDefinition", **data_quality())
        slow("CreateMonitoringSchedule", **schedule(**HOURLY))
        for operation in ("DeleteMonitoringSchedule", "StopMonitoringSchedule", "StartMonitoringSchedule"):
            assert "is in status Pending" in refused(slow, operation, **WATCH)
    finally:
        slow.close()


def test_deleting_a_schedule_stops_its_execution_and_keeps_its_history(stage):
    stage.captured("a")
    watch(stage, "sleep", ScheduleExpression="NOW", DataAnalysisStartTime="-PT1H", DataAnalysisEndTime="PT0H")
    eventually(lambda: stage.executions(StatusEquals="InProgress"))
    stage("DeleteMonitoringSchedule", **WATCH)
    eventually(lambda: not stage("ListMonitoringSchedules")["MonitoringScheduleSummaries"])
    assert "not found" in refused(stage, "DescribeMonitoringSchedule", "ResourceNotFound", **WATCH)
    (execution,) = stage.executions(MonitoringScheduleName="watch")
    assert execution["MonitoringExecutionStatus"] == "Stopped"
    assert "Could not find a resource" in refused(
        stage, "ListTags", ResourceArn="arn:aws:sagemaker:us-east-1:000000000000:monitoring-schedule/watch"
    )


def test_a_definition_in_use_and_an_endpoint_that_is_monitored_stay(stage):
    watch(stage)
    drift = {"JobDefinitionName": "drift"}
    assert "the monitoring schedule watch uses it" in refused(stage, "DeleteDataQualityJobDefinition", **drift)
    assert "the monitoring schedule watch is attached" in refused(stage, "DeleteEndpoint", EndpointName="churn")
    stage("DeleteMonitoringSchedule", **WATCH)
    stage("DeleteDataQualityJobDefinition", **drift)
    assert "not found" in refused(stage, "DescribeDataQualityJobDefinition", "ResourceNotFound", **drift)
    eventually(lambda: not stage("ListMonitoringSchedules")["MonitoringScheduleSummaries"])
    stage("DeleteEndpoint", EndpointName="churn")


def test_each_operation_asks_for_its_permission(stage):
    watch(stage)
    for operation in ("Describe", "Start", "Stop", "Delete"):
        action = f"sagemaker:{operation}MonitoringSchedule"
        stage.cloud.denied = {action}
        assert action in refused(stage, f"{operation}MonitoringSchedule", "AccessDeniedException", **WATCH)
    for operation in ("ListMonitoringSchedules", "ListMonitoringExecutions", "ListDataQualityJobDefinitions"):
        stage.cloud.denied = {f"sagemaker:{operation}"}
        refused(stage, operation, "AccessDeniedException")


def test_executions_are_found_by_schedule_status_and_time(stage):
    stage.captured("a")
    stage("CreateDataQualityJobDefinition", **data_quality())
    for name in ("one", "two"):
        stage("CreateMonitoringSchedule", **schedule(name))
        stage.executed(name)
    newest_first = [one["MonitoringScheduleName"] for one in stage.executions()]
    assert newest_first == ["two", "one"]
    assert [one["MonitoringScheduleName"] for one in stage.executions(MonitoringScheduleName="one")] == ["one"]
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert stage.executions(ScheduledTimeAfter=soon) == []
    assert len(stage.executions(ScheduledTimeBefore=soon, EndpointName="churn", StatusEquals="Completed")) == 2
