"""What a schedule runs: the container's contract, the execution's end, its metrics."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.localcloud.sagemaker.monitoring.requests import ROOT, data_quality, model_quality, schedule
from tests.waiting import eventually

EVENT = "SageMaker Processing Job State Change"


def watch(stage, do="", **changes):
    stage("CreateDataQualityJobDefinition", **data_quality(environment={"DO": do} if do else {}, **changes))
    stage("CreateMonitoringSchedule", **schedule())
    return stage.executed()


def test_the_analyzer_gets_the_hours_captures_the_baseline_and_model_monitors_variables(stage):
    path = stage.captured("a", "b")
    stage.captured("old", at=datetime.now(UTC) - timedelta(hours=5))
    execution = watch(stage, "something of the user's")

    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    told = stage.told()
    assert told["files"] == [f"churn/{path}"]
    assert told["arguments"] == []
    assert told["DO"] == "something of the user's"
    assert json.loads(told["dataset_format"]) == {
        "sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}
    }
    assert (told["analysis_type"], told["publish_cloudwatch_metrics"]) == ("DATA_QUALITY", "Enabled")
    assert (told["sagemaker_endpoint_name"], told["sagemaker_monitoring_schedule_name"]) == ("churn", "watch")
    assert told["baseline_constraints"].endswith("/processing/baseline/constraints/constraints.json")
    assert (told["baseline_constraints.text"], told["baseline_statistics.text"]) == ("constraints", "statistics")
    scheduled = execution["ScheduledTime"].astimezone(UTC)
    assert told["end_time"] == f"{scheduled:%Y-%m-%dT%H:%M:%SZ}"
    assert told["start_time"] == f"{scheduled - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    assert told["metric_time"] == told["end_time"]
    assert told["uri"] == f"s3://bucket/reports/churn/watch/{scheduled:%Y/%m/%d/%H}/told.json"


def test_the_processing_job_is_one_that_describe_and_events_know(stage):
    stage.captured("a")
    execution = watch(stage)
    name = execution["ProcessingJobArn"].rpartition("/")[2]
    assert name.startswith(f"data-quality-monitoring-{execution['ScheduledTime'].astimezone(UTC):%Y%m%d%H%M}-")
    job = stage("DescribeProcessingJob", ProcessingJobName=name)
    assert job["MonitoringScheduleArn"].endswith(":monitoring-schedule/watch")
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 1200}
    assert [one["InputName"] for one in job["ProcessingInputs"]] == ["constraints", "baseline", "endpoint_input_1"]
    states = [event.detail["ProcessingJobStatus"] for event in stage.cloud.events if event.detail_type == EVENT]
    assert states[0] == "InProgress"
    assert states[-1] == "Completed"


def test_an_exit_message_of_violations_is_the_executions_status(stage):
    stage.captured("a")
    assert watch(stage, "violate")["MonitoringExecutionStatus"] == "CompletedWithViolations"


def test_a_failing_analyzer_fails_the_execution_with_its_words(stage):
    stage.captured("a")
    execution = watch(stage, "fail")
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "the analyzer failed" in execution["FailureReason"]


def test_hours_without_captures_start_no_job(stage):
    execution = watch(stage)
    assert (execution["MonitoringExecutionStatus"], execution["FailureReason"]) == ("Failed", "Job inputs had no data")
    assert "ProcessingJobArn" not in execution
    assert not stage("ListProcessingJobs")["ProcessingJobSummaries"]


def test_a_role_that_may_not_list_the_captures_fails_the_execution(stage):
    stage.captured("a")
    stage.s3.denied = {"ListObjectsV2"}
    execution = watch(stage)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "AccessDenied" in execution["FailureReason"]


def test_a_role_that_sagemaker_may_not_assume_any_more_fails_the_execution(stage):
    stage.captured("a")
    stage.cloud.untrusting = {data_quality()["RoleArn"]}
    assert "Could not assume role" in watch(stage)["FailureReason"]


def test_an_analyzer_that_takes_too_long_is_stopped(stage):
    stage.captured("a")
    execution = watch(stage, "sleep", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert execution["MonitoringExecutionStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds" in execution["FailureReason"]


def test_ground_truth_is_merged_before_the_model_quality_is_analyzed(stage):
    now = datetime.now(UTC)
    path = stage.captured("a", "b", "unlabelled", at=now)
    stage.truth(a="1", b="0", unasked="1")
    stage("CreateModelQualityJobDefinition", **model_quality())
    stage("CreateMonitoringSchedule", **schedule(definition="quality", kind="ModelQuality"))

    execution = stage.executed()
    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    told = stage.told()
    assert told["files"] == [f"churn/{path}"]
    labels = {one["eventMetadata"]["inferenceId"]: one["groundTruthData"]["data"] for one in told["records"]}
    assert labels == {"a": "1", "b": "0"}
    assert json.loads(told["dataset_format"]) == {"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}}
    assert (told["analysis_type"], told["problem_type"]) == ("MODEL_QUALITY", "BinaryClassification")
    assert (told["probability_attribute"], told["probability_threshold_attribute"]) == ("0", "0.4")
    assert "inference_attribute" not in told
    names = [one["ProcessingJobName"] for one in stage("ListProcessingJobs")["ProcessingJobSummaries"]]
    assert sorted(name.partition("-20")[0] for name in names) == ["groundtruth-merge", "model-quality-monitoring"]
    assert f"s3://bucket/reports/merge/churn/{path}" in stage.s3.uris()


@pytest.mark.parametrize("labels", [{}, {"other": "1"}])
def test_captures_without_their_ground_truth_are_no_data(stage, labels):
    stage.captured("a")
    if labels:
        stage.truth(**labels)
    stage("CreateModelQualityJobDefinition", **model_quality())
    stage("CreateMonitoringSchedule", **schedule(definition="quality", kind="ModelQuality"))
    assert stage.executed()["FailureReason"] == "Job inputs had no data"


def test_ground_truth_that_is_none_fails_the_execution_with_its_line(stage):
    stage.captured("a")
    stage.s3.put(f"s3://bucket/truth/{datetime.now(UTC):%Y/%m/%d/%H}/1.jsonl", b"a,1\n")
    stage("CreateModelQualityJobDefinition", **model_quality())
    stage("CreateMonitoringSchedule", **schedule(definition="quality", kind="ModelQuality"))
    execution = stage.executed()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "1.jsonl, line 1: no record with groundTruthData" in execution["FailureReason"]


METRIC = {
    "MetricName": "feature_baseline_drift_age",
    "Timestamp": "2026-03-01T10:00:00Z",
    "Dimensions": [{"Name": "Endpoint", "Value": "churn"}, {"Name": "MonitoringSchedule", "Value": "watch"}],
    "Value": 0.25,
}


def publishing(stage, *lines):
    stage.s3.put("s3://bucket/baseline/constraints.json", "\n".join(lines).encode())


def test_the_analyzers_metrics_are_published(stage):
    stage.captured("a")
    publishing(stage, json.dumps(METRIC), "", json.dumps(METRIC | {"MetricName": "other"}))
    watch(stage, "publish")
    assert stage.cloudwatch.published == [
        ("aws/sagemaker/Endpoints/data-metrics", METRIC),
        ("aws/sagemaker/Endpoints/data-metrics", METRIC | {"MetricName": "other"}),
    ]


def test_metrics_are_not_published_when_the_definition_says_so(stage):
    stage.captured("a")
    publishing(stage, json.dumps(METRIC))
    environment = {"DO": "publish", "publish_cloudwatch_metrics": "Disabled"}
    stage("CreateDataQualityJobDefinition", **data_quality(environment=environment))
    stage("CreateMonitoringSchedule", **schedule())
    assert stage.executed()["MonitoringExecutionStatus"] == "Completed"
    assert stage.cloudwatch.published == []


@pytest.mark.parametrize("line", ["no json", "[]", '{"MetricName": "x"}', '{"Value": 1}'])
def test_a_line_that_is_no_metric_is_told_in_the_jobs_log_and_fails_nothing(stage, line):
    stage.captured("a")
    publishing(stage, line)
    execution = watch(stage, "publish")
    assert execution["MonitoringExecutionStatus"] == "Completed"
    log = stage.cloud.state_dir / "jobs" / execution["ProcessingJobArn"].rpartition("/")[2] / "algo-1.log"
    assert "The metrics were not published: cloudwatch_metrics.jsonl, line 1" in log.read_text()
    assert stage.cloudwatch.published == []


def test_what_is_left_of_a_failed_analysis_is_uploaded_where_the_output_is_continuous(stage):
    stage.captured("a")
    target = {"S3Uri": "s3://bucket/reports", "LocalPath": f"{ROOT}/output", "S3UploadMode": "Continuous"}
    watch(stage, "fail", DataQualityJobOutputConfig={"MonitoringOutputs": [{"S3Output": target}]})
    assert eventually(stage.told)["DO"] == "fail"


def test_a_variant_that_has_left_is_analyzed_and_a_shadow_and_other_endpoints_are_not(stage):
    stage.endpoint("shadowed", shadow="candidate")
    left = stage.captured("a", variant="before-the-update", endpoint="shadowed")
    stage.captured("b", variant="candidate", endpoint="shadowed")
    stage.captured("c", endpoint="shadowed-2")
    source = {"EndpointName": "shadowed", "LocalPath": f"{ROOT}/input/endpoint"}
    watch(stage, DataQualityJobInput={"EndpointInput": source})
    assert stage.told()["files"] == [f"shadowed/{left}"]
