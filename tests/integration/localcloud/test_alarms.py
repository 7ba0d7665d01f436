"""CloudWatch alarms as boto3 and a browser's query see them: judged by dimensions, missing data and math."""

import json
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.waiting import eventually


def named(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def put(cloud: Running, name: str, **changes: Any) -> None:
    settings = {
        "Namespace": "Test",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "Of", "Value": name}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 2.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    wanted = {member: value for member, value in {**settings, **changes}.items() if value is not None}
    cloud.client("cloudwatch").put_metric_alarm(AlarmName=name, **wanted)


def measure(cloud: Running, of: str, value: float, metric: str = "Errors") -> None:
    datum = {"MetricName": metric, "Dimensions": [{"Name": "Of", "Value": of}], "Value": value}
    cloud.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=[datum])


def described(cloud: Running, name: str) -> dict[str, Any]:
    [found] = cloud.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(found)


def until(cloud: Running, name: str, state: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = described(cloud, name)
        return found if found["StateValue"] == state else None

    return eventually(look, f"{name} in {state}")


def event_queue(cloud: Running, alarm: str) -> str:
    url, arn = cloud.queue(admits="events.amazonaws.com")
    pattern = {"source": ["aws.cloudwatch"], "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm}"]}
    events, rule = cloud.client("events"), named("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def test_an_alarm_hears_its_own_dimensions_only_and_calms_down_again(cloud: Running) -> None:
    name, other = named("alarm"), named("alarm")
    put(cloud, name, TreatMissingData="notBreaching")
    put(cloud, other, TreatMissingData="notBreaching")

    until(cloud, name, "OK")
    until(cloud, other, "OK")

    measure(cloud, name, 3)

    # It lasts a few periods, and a loaded machine may look too late: the history keeps it.
    eventually(lambda: "Alarm updated from ALARM to OK" in history(cloud, name), "the alarm has been")
    assert "Alarm updated from OK to ALARM" in history(cloud, name)
    assert not [told for told in history(cloud, other) if told.endswith("ALARM")]
    assert described(cloud, other)["StateReason"].endswith("treated as [NonBreaching].")


def test_an_alarm_without_data_that_ignores_that_stays_as_it_was_set(cloud: Running) -> None:
    """As in CloudWatch, where every other alarm that was set by hand is right again at the next look."""
    stays, other = named("alarm"), named("alarm")
    for name, missing in ((stays, "ignore"), (other, "notBreaching")):
        put(cloud, name, TreatMissingData=missing)
        cloud.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")

    until(cloud, other, "OK")

    assert described(cloud, stays)["StateValue"] == "ALARM"


def history(cloud: Running, name: str) -> list[str]:
    found = cloud.client("cloudwatch").describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    return [item["HistorySummary"] for item in found["AlarmHistoryItems"]]


def test_each_change_is_an_event_and_an_action(cloud: Running) -> None:
    name = named("alarm")
    sns, (queue, queue_arn) = cloud.client("sns"), cloud.queue(admits="sns.amazonaws.com")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    events = event_queue(cloud, name)
    put(cloud, name, AlarmActions=[topic], TreatMissingData="ignore")

    measure(cloud, name, 3)

    [message] = cloud.messages(queue, 1)
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["AlarmName"], told["NewStateValue"]) == (name, "ALARM")
    [message, *_] = cloud.messages(events, 1)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    detail = event["detail"]
    assert (detail["alarmName"], detail["previousState"]["value"], detail["state"]["value"]) == (
        name,
        "INSUFFICIENT_DATA",
        "ALARM",
    )
    assert detail["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] == {"Of": name}


def test_metric_math_through_boto3(cloud: Running) -> None:
    name = named("alarm")

    def stat(metric: str) -> Mapping[str, Any]:
        dimensions = [{"Name": "Of", "Value": name}]
        return {
            "Metric": {"Namespace": "Test", "MetricName": metric, "Dimensions": dimensions},
            "Period": 60,
            "Stat": "Sum",
        }

    metrics = [
        {"Id": "share", "Expression": "IF(all > 0, errors / all, 0)", "Label": "Share of errors"},
        {"Id": "errors", "MetricStat": stat("Errors"), "ReturnData": False},
        {"Id": "all", "MetricStat": stat("Requests"), "ReturnData": False},
    ]
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Metrics=metrics,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )

    measure(cloud, name, 4, "Requests")
    measure(cloud, name, 3, "Errors")

    alarm = until(cloud, name, "ALARM")
    assert alarm["Metrics"] == metrics
    assert "MetricName" not in alarm
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [0.75]


def test_what_is_not_implemented_is_refused_by_name(cloud: Running) -> None:
    metrics = [{"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m1)"}]

    with pytest.raises(ClientError, match="the function ANOMALY_DETECTION_BAND is not implemented") as refused:
        put(cloud, named("alarm"), Metrics=metrics, Namespace=None, MetricName=None, Dimensions=None, Statistic=None,
            Period=None)  # fmt: skip

    assert refused.value.response["Error"]["Code"] in ("ValidationError", "ValidationException")


def test_the_query_protocol_says_the_same(cloud: Running) -> None:
    name = named("alarm")
    form = {
        "Action": "PutMetricAlarm",
        "Version": "2010-08-01",
        "AlarmName": name,
        "EvaluationPeriods": "1",
        "Threshold": "1",
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",
        "Metrics.member.1.Id": "m1",
        "Metrics.member.1.ReturnData": "false",
        "Metrics.member.1.MetricStat.Stat": "p90",
        "Metrics.member.1.MetricStat.Period": "60",
        "Metrics.member.1.MetricStat.Metric.Namespace": "Test",
        "Metrics.member.1.MetricStat.Metric.MetricName": "Errors",
        "Metrics.member.1.MetricStat.Metric.Dimensions.member.1.Name": "Of",
        "Metrics.member.1.MetricStat.Metric.Dimensions.member.1.Value": name,
        "Metrics.member.2.Id": "e1",
        "Metrics.member.2.Expression": "m1 * 2",
        "InsufficientDataActions.member.1": f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody",
    }
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/monitoring/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    request = urllib.request.Request(
        cloud.server.endpoint_url, data=urllib.parse.urlencode(form).encode(), headers=headers
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert answer.status == 200

    measure(cloud, name, 0.6)

    alarm = until(cloud, name, "ALARM")
    assert [one["Id"] for one in alarm["Metrics"]] == ["m1", "e1"]
    assert alarm["InsufficientDataActions"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"]


def test_a_composite_alarm_follows_and_is_announced(cloud: Running) -> None:
    child, parent = named("alarm"), named("composite")
    put(cloud, child, TreatMissingData="ignore")
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName=parent, AlarmRule=f'ALARM("{child}")')
    events = event_queue(cloud, parent)

    measure(cloud, child, 9)

    alarm = until(cloud, child, "ALARM")
    assert "[9.0 (" in alarm["StateReason"]
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [9.0]
    [found] = cloudwatch.describe_alarms(AlarmNames=[parent], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert found["StateValue"] == "ALARM"
    [message, *_] = cloud.messages(events, 1)
    assert json.loads(message["Body"])["detail"]["configuration"]["alarmRule"] == f'ALARM("{child}")'


def test_messages_in_a_queue_set_off_its_alarm(cloud: Running) -> None:
    """What a stack's alarm on its dead letters relies on."""
    url, arn = cloud.queue()
    name = named("letters")
    put(
        cloud,
        name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": arn.rsplit(":", 1)[-1]}],
        Statistic="Maximum",
        Threshold=0.0,
        TreatMissingData="notBreaching",
    )
    until(cloud, name, "OK")

    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="lost")

    until(cloud, name, "ALARM")
    cloud.client("sqs").purge_queue(QueueUrl=url)
    until(cloud, name, "OK")


def test_a_failed_execution_sets_off_its_machines_alarm(cloud: Running) -> None:
    failing = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "No", "Cause": "told to"}}}
    execution = cloud.execution(failing, cloud.role("states.amazonaws.com"), {})
    name = named("failed")
    put(
        cloud,
        name,
        Namespace="AWS/States",
        MetricName="ExecutionsFailed",
        Dimensions=[{"Name": "StateMachineArn", "Value": execution["stateMachineArn"]}],
        Threshold=0.0,
        TreatMissingData="ignore",
    )

    cloud.client("stepfunctions").start_execution(stateMachineArn=execution["stateMachineArn"])

    until(cloud, name, "ALARM")


@pytest.mark.parametrize("by", ["api", "stack"])
def test_a_percentile_may_wait_for_enough_samples(cloud: Running, by: str) -> None:
    name = named("latency")
    dimensions = [{"Name": "Of", "Value": name}]
    settings = {
        "Namespace": "Test",
        "MetricName": "Errors",
        "Dimensions": dimensions,
        "ExtendedStatistic": "p99",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 2.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",
        "EvaluateLowSampleCountPercentile": "ignore",
    }
    if by == "api":
        cloud.client("cloudwatch").put_metric_alarm(AlarmName=name, **settings)
    else:
        resource = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": name, **settings}}
        stacks = cloud.client("cloudformation")
        stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Alarm": resource}}))
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 600})

    alarm = described(cloud, name)
    assert alarm["EvaluateLowSampleCountPercentile"] == "ignore"
    assert "Statistic" not in alarm
    datum = {"MetricName": "Errors", "Dimensions": dimensions, "Values": [9.0], "Counts": [1000.0]}
    cloud.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=[datum])

    until(cloud, name, "ALARM")
