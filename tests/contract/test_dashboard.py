"""The dashboard shows what somebody publishes, and what the alarm of drift stands on is published too."""

import json
import re
from typing import Any, get_args

import pytest

from sluice.audit import Action
from sluice.aws import drift_metrics, entry_point
from tests.template import resolved, resources_of, template

OF_AWS = {
    "AWS/SageMaker": {
        "Invocations",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "InvocationModelErrors",
        "ModelLatency",
        "OverheadLatency",
        "ApproximateBacklogSize",
    },
    "AWS/ApiGateway": {"Count", "4xx", "5xx"},
    "AWS/States": {"ExecutionsStarted", "ExecutionsFailed", "ExecutionsTimedOut"},
}
"""Sources: SageMaker Developer Guide, "Metrics for monitoring SageMaker AI with CloudWatch" and asynchronous
endpoints'; API Gateway and Step Functions Developer Guides, their CloudWatch metrics."""
OURS = {"Sluice": {*get_args(Action), drift_metrics.VIOLATIONS}}
WIDTH = 24
SEARCH = re.compile(r"SEARCH\('\{(?P<namespace>[\w/.-]+),(?P<dimensions>[\w,]+)\} (?P<terms>[^']+)', '\w+', \d+\)")


def body() -> dict[str, Any]:
    properties = resources_of("AWS::CloudWatch::Dashboard")["Dashboard"]["Properties"]
    parsed: dict[str, Any] = json.loads(resolved(properties)["DashboardBody"])
    return parsed


def metrics() -> list[Any]:
    return [metric for widget in body()["widgets"] for metric in widget["properties"]["metrics"]]


def searches() -> list[re.Match[str]]:
    expressions = [metric[0]["expression"] for metric in metrics() if isinstance(metric[0], dict)]
    found = [SEARCH.fullmatch(expression) for expression in expressions]
    assert None not in found
    return [match for match in found if match]


def test_the_body_is_a_dashboard_whose_widgets_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in body()["widgets"]:
        x, y, width, height = (widget[name] for name in ("x", "y", "width", "height"))
        area = {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
        assert x + width <= WIDTH
        assert not area & taken
        taken |= area


@pytest.mark.parametrize("match", searches(), ids=lambda match: match[0])
def test_a_search_is_for_a_metric_that_exists_and_for_this_stage_only(match: re.Match[str]) -> None:
    named = re.search(r'MetricName="(\w+)"', match["terms"])
    if named:
        assert named[1] in (OF_AWS | OURS)[match["namespace"]]
    else:
        assert match["namespace"] in (drift_metrics.DATA_NAMESPACE, drift_metrics.MODEL_NAMESPACE)
    assert 'Stage="dev"' in match["terms"] or "sluice-dev-" in match["terms"]


def test_a_metric_that_is_named_exists() -> None:
    named = [metric for metric in metrics() if isinstance(metric[0], str)]

    assert named
    for namespace, name, *_ in named:
        assert name in OF_AWS[namespace]


def test_every_expression_of_a_widget_has_its_own_id() -> None:
    for widget in body()["widgets"]:
        ids = [metric[0]["id"] for metric in widget["properties"]["metrics"] if isinstance(metric[0], dict)]
        assert len(ids) == len(set(ids))


def test_the_alarm_stands_on_what_a_check_publishes() -> None:
    alarm = resolved(resources_of("AWS::CloudWatch::Alarm")["DriftAlarm"]["Properties"])

    assert (alarm["Namespace"], alarm["MetricName"]) == (entry_point.NAMESPACE, drift_metrics.VIOLATIONS)
    assert alarm["Dimensions"] == [{"Name": "Stage", "Value": "dev"}]


def test_handle_drift_may_publish_where_it_does_and_nowhere_else() -> None:
    policies = resolved(template()["Resources"]["HandleDrift"]["Properties"]["Policies"])
    (statement,) = [one for one in policies[0]["Statement"] if one["Action"] == "cloudwatch:PutMetricData"]

    allowed = statement["Condition"]["StringEqualsIfExists"]["cloudwatch:namespace"]
    assert set(allowed) == {drift_metrics.NAMESPACE, drift_metrics.DATA_NAMESPACE, drift_metrics.MODEL_NAMESPACE}
