"""When an idle endpoint is announced, and when it goes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.idleness import IdleRule, next_step, since

NOW = datetime(2026, 11, 20, 20, tzinfo=UTC)
RULE = IdleRule(idle=timedelta(hours=12), notice=timedelta(hours=24))


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("changed", "noticed", "asked", "step"),
    [
        (100, None, False, "warn"),
        (100, None, True, "leave"),
        (11, None, False, "leave"),
        (100, 23, False, "leave"),
        (100, 24, False, "reap"),
        (100, 24, True, "withdraw"),
        (100, 1, True, "withdraw"),
        (20, 24, False, "withdraw"),
    ],
)
def test_first_a_notice_then_the_end(changed: float, noticed: float | None, asked: bool, step: str) -> None:
    noticed_at = None if noticed is None else ago(noticed)

    found = next_step(RULE, NOW, changed_at=ago(changed), noticed_at=noticed_at, is_asked=asked)

    assert found.step == step


def test_the_notice_says_how_long_there_is() -> None:
    found = next_step(RULE, NOW, changed_at=ago(100), noticed_at=None, is_asked=False)

    assert found.reason == "nobody asked it for 12 hours; in 24 hours more it is removed"


def test_requests_count_from_the_notice_on() -> None:
    assert since(RULE, NOW, None) == ago(12)
    assert since(RULE, NOW, ago(3)) == ago(3)


@given(st.floats(0, 1000), st.none() | st.floats(0, 1000))
def test_what_was_asked_is_never_removed(changed: float, noticed: float | None) -> None:
    noticed_at = None if noticed is None else ago(noticed)

    found = next_step(RULE, NOW, changed_at=ago(changed), noticed_at=noticed_at, is_asked=True)

    assert found.step in ("leave", "withdraw")
