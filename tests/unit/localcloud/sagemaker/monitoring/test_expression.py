from datetime import UTC, datetime, timedelta

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.monitoring.durations import offset
from localcloud.sagemaker.monitoring.expression import Cadence, Expression, Firing
from localcloud.sagemaker.monitoring.window import Offsets

HALF_PAST_TEN = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour, minute=0, day=1):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def fired(moment):
    return Firing(moment, moment - HOUR, HOUR)


@pytest.mark.parametrize(
    ("text", "following", "period"),
    [
        ("cron(0 * ? * * *)", at(11), 1),
        ("cron(0 12 ? * * *)", at(12), 24),
        ("cron(0 00 ? * * *)", at(0, day=2), 24),
        ("cron(0 0/2 ? * * *)", at(12), 2),
        ("cron(0 17/12 ? * * *)", at(17), 24),
        ("cron(0 5/5 ? * * *)", at(15), 5),
        ("cron(0 10/24 ? * * *)", at(10, day=2), 24),
    ],
)
def test_a_recurring_schedule_knows_its_next_time_and_how_long_after_the_one_before_it_is(text, following, period):
    expression = Expression.parse(text)
    assert expression.after(HALF_PAST_TEN) == following
    assert expression.period(following) == timedelta(hours=period)


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 hour)",
        "cron(5 * ? * * *)",
        "cron(0 24 ? * * *)",
        "cron(0 0/25 ? * * *)",
        "cron(0 0/0 ? * * *)",
        "cron(0 */2 ? * * *)",
        "cron(0 * * * ? *)",
        "now",
    ],
)
def test_what_model_monitor_does_not_take_is_refused(text):
    with pytest.raises(ApiError, match="Model Monitor takes"):
        Expression.parse(text)


def test_a_scaled_clock_fires_every_72_seconds_for_an_hour_and_an_unscaled_one_on_the_hour():
    hourly = Expression.parse("cron(0 * ? * * *)")
    scaled = Cadence(hourly, HALF_PAST_TEN, 0.02)
    first = scaled.after(HALF_PAST_TEN)
    step = timedelta(seconds=72)
    assert first == Firing(HALF_PAST_TEN + step / 2, HALF_PAST_TEN - step / 2, HOUR)
    assert scaled.after(first.at) == Firing(first.at + step, first.at, HOUR)
    assert Cadence(hourly, HALF_PAST_TEN, 1.0).after(HALF_PAST_TEN) == Firing(at(11), at(10), HOUR)


def test_what_fell_due_meanwhile_is_left_out():
    cadence = Cadence(Expression.parse("cron(0 * ? * * *)"), HALF_PAST_TEN, 0.02)
    late = HALF_PAST_TEN + timedelta(seconds=200)
    assert cadence.after(late).at == HALF_PAST_TEN + timedelta(seconds=36 + 3 * 72)


@pytest.mark.parametrize(
    ("text", "length"),
    [("-PT1H", HOUR), ("PT0H", 0 * HOUR), ("-P1D", 24 * HOUR), ("-P1DT2H30M", 26.5 * HOUR), ("-PT90M", 1.5 * HOUR)],
)
def test_offsets_lie_before_the_schedules_time(text, length):
    assert offset(text, "f") == -length


@pytest.mark.parametrize("text", ["PT1H", "P", "-P", "-PT", "-1H", "-PT1S", "-P1Y"])
def test_an_offset_that_is_none_names_its_field(text):
    with pytest.raises(ApiError, match=f"^ValidationException: StartTimeOffset is {text}"):
        offset(text, "StartTimeOffset")


def test_a_window_is_one_period_long_and_ends_when_the_schedule_fires():
    window = Offsets().window(fired(at(10, 30)))
    assert (window.start, window.end) == (at(9, 30), at(10, 30))
    assert list(window.hours()) == ["2026/03/01/09", "2026/03/01/10"]
    on_the_hour = Offsets().window(fired(at(0, day=2)))
    assert list(on_the_hour.hours()) == ["2026/03/01/23"]


def test_the_schedules_own_window_wins_over_the_definitions_offsets():
    own = {"DataAnalysisStartTime": "-PT5H", "DataAnalysisEndTime": "-PT1H"}
    input_ = {"StartTimeOffset": "-P8D", "EndTimeOffset": "-P1D"}
    window = Offsets.of(own, input_).window(fired(at(10)))
    assert (window.start, window.end) == (at(5), at(9))
    # The example of AWS's page on offsets.
    window = Offsets.of({}, input_).window(fired(datetime(2020, 1, 9, 13, tzinfo=UTC)))
    assert (window.start, window.end) == (datetime(2020, 1, 1, 13, tzinfo=UTC), datetime(2020, 1, 8, 13, tzinfo=UTC))


def test_an_end_alone_moves_the_period_back():
    window = Offsets.of({"DataAnalysisEndTime": "-PT3H"}, {}).window(fired(at(10)))
    assert (window.start, window.end) == (at(6), at(7))


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT2H"}, "must lie before DataAnalysisEndTime"),
        ({"DataAnalysisStartTime": "PT0H", "DataAnalysisEndTime": "PT0H"}, "must lie before DataAnalysisEndTime"),
        ({"DataAnalysisStartTime": "-PT25H", "DataAnalysisEndTime": "PT0H"}, "by more than 24 hours"),
    ],
)
def test_a_window_that_is_none_is_refused(own, words):
    with pytest.raises(ApiError, match=words):
        Offsets.of(own, {})
