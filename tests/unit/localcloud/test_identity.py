"""Sessions are opened by many threads at once: one per function process that starts."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from ministack.services import sts

from localcloud.ministack_port import identity

ROLE = "arn:aws:iam::000000000000:role/worker"


@pytest.fixture
def hasty_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads that change places as often as they can."""
    monkeypatch.setattr(sts, "_sessions", {})
    monkeypatch.setattr(sts, "register_session", sts.register_session)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty_threads")
def test_sessions_opened_at_once_are_all_kept() -> None:
    identity.make_sessions_safe_for_threads()

    with ThreadPoolExecutor(8) as together:
        opened = list(
            together.map(lambda number: identity.open_session(ROLE, f"s{number}", "000000000000"), range(2000))
        )

    assert {session.access_key_id for session in opened} == set(sts._sessions)


@pytest.mark.usefixtures("hasty_threads")
def test_expired_sessions_go_when_a_new_one_is_opened() -> None:
    identity.make_sessions_safe_for_threads()
    sts._sessions["OLD"] = {"Expiration": 1.0}

    opened = identity.open_session(ROLE, "new", "000000000000")

    assert set(sts._sessions) == {opened.access_key_id}
