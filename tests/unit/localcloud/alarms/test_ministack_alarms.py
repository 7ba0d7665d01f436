"""What MiniStack keeps for the alarms, and how it is kept."""

import time
from contextlib import nullcontext
from typing import Any

import pytest
from ministack.services import cloudwatch

from localcloud.alarms.definition import MetricStat
from localcloud.errors import ApiError
from localcloud.ministack_port import alarms
from localcloud.ministack_port.alarms import MiniStackAlarms

NAMESPACE = "test-of-ministack-alarms"
METRIC = MetricStat(NAMESPACE, "Errors", (("Of", "one"),), 60, "Sum")


@pytest.fixture
def book() -> Any:
    yield MiniStackAlarms(nullcontext, lambda *_: None, lambda _: None)
    for key in cloudwatch._metrics:
        if key[0] == NAMESPACE:
            del cloudwatch._metrics[key]


def test_points_are_those_of_the_exact_dimensions_the_unit_and_the_time(book: MiniStackAlarms) -> None:
    now = time.time()
    cloudwatch._store_datum(NAMESPACE, "Errors", {"Of": "one"}, now, "Count", 3, None, None, None)
    cloudwatch._store_datum(NAMESPACE, "Errors", {"Of": "one"}, now - 99, "Count", 5, None, None, None)
    cloudwatch._store_datum(NAMESPACE, "Errors", {"Of": "two"}, now, "Count", 7, None, None, None)
    cloudwatch._store_datum(NAMESPACE, "Errors", {}, now, "Count", 9, None, None, None)

    assert [point.total for point in book.points(METRIC, now - 1)] == [3.0]
    by_unit = [MetricStat(NAMESPACE, "Errors", METRIC.dimensions, 60, "Sum", unit) for unit in ("Count", "Seconds")]
    assert [len(list(book.points(metric, now - 1))) for metric in by_unit] == [1, 0]


def test_counts_and_statistic_sets_are_weighted(book: MiniStackAlarms) -> None:
    now = time.time()
    cloudwatch._store_datum(NAMESPACE, "Errors", {"Of": "one"}, now, "None", None, [2.0], [3.0], None)
    told = {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 5}
    cloudwatch._store_datum(NAMESPACE, "Errors", {"Of": "one"}, now, "None", None, None, None, told)

    points = list(book.points(METRIC, 0))

    assert [(point.count, point.total, point.minimum, point.maximum) for point in points] == [
        (3.0, 6.0, 2.0, 2.0),
        (4.0, 10.0, 1.0, 5.0),
    ]


def test_eviction_leaves_lists_alone_that_others_add_to(book: MiniStackAlarms) -> None:
    """A point that came between MiniStack's copy and its assignment was lost."""
    now = time.time()
    cloudwatch._store_datum(NAMESPACE, "Errors", {"Of": "one"}, now, "Count", 3, None, None, None)
    old = now - cloudwatch.TWO_WEEKS_SECONDS - 1
    cloudwatch._store_datum(NAMESPACE, "Errors", {"Of": "two"}, old, "Count", 3, None, None, None)
    held = cloudwatch._metrics[NAMESPACE, "Errors", "Of=one"]

    alarms._evict_old_metrics()

    assert cloudwatch._metrics[NAMESPACE, "Errors", "Of=one"] is held
    assert (NAMESPACE, "Errors", "Of=two") not in cloudwatch._metrics


def test_a_query_is_read_as_the_document_that_it_stands_for() -> None:
    params = {
        "AlarmName": ["a"],
        "Dimensions.member.1.Name": ["x"],
        "Dimensions.member.1.Value": ["y"],
        "Metrics.member.2.Id": ["m2"],
        "Metrics.member.1.MetricStat.Period": ["60"],
        "Metrics.member.1.ReturnData": ["false"],
    }

    assert alarms._from_query(params) == {
        "AlarmName": "a",
        "Dimensions": [{"Name": "x", "Value": "y"}],
        "Metrics": [{"MetricStat": {"Period": 60}, "ReturnData": False}, {"Id": "m2"}],
    }


@pytest.mark.parametrize("name", ["Metrics.member.x.Id", "AlarmName.x"])
def test_a_query_that_is_no_document_is_refused(name: str) -> None:
    with pytest.raises(ApiError, match="cannot be read"):
        alarms._from_query({"AlarmName": ["a"], "Metrics.member.1.Id": ["m"], name: ["1"]})
