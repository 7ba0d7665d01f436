"""From points to values: statistics by period, metric math."""

import pytest

from localcloud.alarms.definition import MetricStat, read_alarm
from localcloud.alarms.expression import ExpressionError, evaluate, parse
from localcloud.alarms.series import Point, Windows, aggregate, too_few_samples, values_of
from tests.unit.localcloud.alarms.test_definition import SHARE
from tests.unit.localcloud.alarms.test_judgement import REQUEST

SERIES = {"a": [1.0, 4.0, None], "b": [2.0, 0.0, 3.0]}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a + b * 2", [5.0, 4.0, None]),
        ("(a + b) * 2", [6.0, 8.0, None]),
        ("a / b", [0.5, None, None]),
        ("-a - 1", [-2.0, -5.0, None]),
        ("a >= b", [0.0, 1.0, None]),
        ("b != 0", [1.0, 0.0, 1.0]),
        ("IF(a > b, a, b)", [2.0, 4.0, None]),
        ("IF(b, 7)", [7.0, None, 7.0]),
        ("FILL(a, 0) + b", [3.0, 4.0, 3.0]),
        ("FILL(a, -1)", [1.0, 4.0, -1.0]),
        ("FILL(a, REPEAT)", [1.0, 4.0, 4.0]),
        ("8 / 2 / 2", [2.0, 2.0, 2.0]),
        ("10 - 2 - 3", [5.0, 5.0, 5.0]),
        (".5 * b", [1.0, 0.0, 1.5]),
    ],
)
def test_expressions(text: str, values: list[float | None]) -> None:
    assert evaluate(parse(text), SERIES, 3) == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RATE(a)", "the function RATE is not implemented"),
        ("a ^ 2", r"'\^'"),
        ("a +", "ends too early"),
        ("(a", r"'\)' is missing"),
        ("FILL(a, LINEAR)", "LINEAR"),
        ("a b", "'b' is not expected"),
        ("", "ends too early"),
    ],
)
def test_what_is_not_known_is_named(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        parse(text)


POINTS = [Point(0.0, 1, 1, 1, 1), Point(0.5, 3, 15, 5, 5), Point(1.0, 1, 9, 9, 9), Point(3.0, 1, 100, 100, 100)]


@pytest.mark.parametrize(
    ("stat", "values"),
    [
        ("Sum", [16.0, 9.0, None]),
        ("SampleCount", [4.0, 1.0, None]),
        ("Average", [4.0, 9.0, None]),
        ("Minimum", [1.0, 9.0, None]),
        ("Maximum", [5.0, 9.0, None]),
        ("p50", [5.0, 9.0, None]),
        ("p0", [1.0, 9.0, None]),
    ],
)
def test_statistics_by_period(stat: str, values: list[float | None]) -> None:
    assert aggregate(POINTS, Windows(end=3.0, seconds=1.0, count=3), stat) == values


def test_a_statistic_set_of_unlike_values_has_no_percentile() -> None:
    assert aggregate([Point(0.0, 2, 4, 1, 3)], Windows(1.0, 1.0, 1), "p90") == [None]


def test_an_alarm_on_math_takes_its_metrics_by_their_dimensions() -> None:
    alarm = read_alarm(SHARE)
    errors, invocations = [q.source for q in alarm.queries if isinstance(q.source, MetricStat)]
    found = {errors: [Point(0.5, 1, 1, 1, 1)], invocations: [Point(0.5, 1, 4, 4, 4), Point(1.5, 1, 0, 0, 0)]}

    # The share of the second period is known although no error was reported: IF chooses the constant.
    assert values_of(alarm, found, Windows(2.0, 1.0, 2)) == [0.25, 0.0]


@pytest.mark.parametrize(
    ("stat", "samples", "few"),
    [
        ("p99", 999, True),
        ("p99", 1000, False),
        ("p99", 0, False),
        ("p50", 19, True),
        ("p50", 20, False),
        ("p10", 99, True),
        ("p10", 100, False),
        ("p100", 1, False),
        ("Average", 1, False),
    ],
)
def test_a_percentile_needs_samples(stat: str, samples: float, few: bool) -> None:
    member = "Statistic" if stat == "Average" else "ExtendedStatistic"
    request = {**REQUEST, "Statistic": None, member: stat, "EvaluateLowSampleCountPercentile": "ignore"}
    alarm = read_alarm(request)
    [metric] = [query.source for query in alarm.queries if isinstance(query.source, MetricStat)]
    # What came before the evaluation periods (the newest three of five) does not count.
    found = {metric: [Point(0.5, 5000, 5000, 1, 1), Point(2.5, samples, samples, 1, 1)]}
    windows = Windows(5.0, 1.0, 5)

    assert too_few_samples(alarm, found, windows) is few
    always = read_alarm({**request, "EvaluateLowSampleCountPercentile": "evaluate"})
    assert not too_few_samples(always, found, windows)
