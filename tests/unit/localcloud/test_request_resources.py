"""On which resource a request is checked."""

import json
from typing import Any

import pytest
from ministack.core import iam_actions

from localcloud.ministack_port import request_resources

ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sluice-dev-churn/v7/latency"
NAME = ARN.rpartition(":")[2]


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam_actions, "extract_resource_arn", iam_actions.extract_resource_arn)
    request_resources.install()
    request_resources.install()


def checked_on(action: str, document: dict[str, Any] | None = None, query: dict[str, Any] | None = None) -> str:
    headers = {"X-Amz-Target": f"GraniteServiceVersion20100801.{action}"} if document is not None else {}
    body = json.dumps(document).encode() if document is not None else b""
    found: str = iam_actions.extract_resource_arn(
        "monitoring", "POST", "/", headers, body, query or {}, "us-east-1", "000000000000"
    )
    return found


def test_one_alarm_is_checked_by_its_arn_in_both_protocols() -> None:
    assert checked_on("DeleteAlarms", {"AlarmNames": [NAME]}) == ARN
    assert checked_on("", query={"Action": ["DeleteAlarms"], "AlarmNames.member.1": [NAME]}) == ARN
    assert checked_on("", query={"Action": "DeleteAlarms", "AlarmNames.member.1": NAME}) == ARN


@pytest.mark.parametrize("names", [[], [NAME, "another"]])
def test_any_other_number_is_checked_on_all_alarms(names: list[str]) -> None:
    assert checked_on("DeleteAlarms", {"AlarmNames": names}) == "*"


def test_other_requests_are_checked_as_before() -> None:
    assert checked_on("DescribeAlarms", {"AlarmNames": [NAME]}) == "*"
    assert checked_on("PutMetricAlarm", {"AlarmName": NAME}) == ARN
    assert checked_on("DeleteAlarms", query={"Action": "DescribeAlarms", "AlarmNames.member.1": NAME}) == "*"


def parameters_checked_on(action: str, document: object) -> str:
    headers, body = {"X-Amz-Target": f"AmazonSSM.{action}"}, json.dumps(document).encode()
    found: str = iam_actions.extract_resource_arn("ssm", "POST", "/", headers, body, {}, "us-east-1", "000000000000")
    return found


def test_parameters_below_a_path_are_checked_by_the_path() -> None:
    above = "arn:aws:ssm:us-east-1:000000000000:parameter/sluice/dev"
    assert parameters_checked_on("GetParametersByPath", {"Path": "/sluice/dev"}) == above
    assert parameters_checked_on("GetParameter", {"Name": "/sluice/dev"}) == above
    assert parameters_checked_on("DescribeParameters", {}) == "*"


@pytest.mark.parametrize("document", [{}, [], {"Path": 1}])
def test_a_request_that_names_no_path_is_checked_on_all_parameters(document: object) -> None:
    assert parameters_checked_on("GetParametersByPath", document) == "*"
