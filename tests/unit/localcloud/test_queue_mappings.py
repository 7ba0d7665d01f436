"""When the messages of a queue make a batch."""

from typing import Any

import pytest

from localcloud.ministack_port.queue_mappings import LARGEST_PAYLOAD, due

NOW = 1000.0


def messages(count: int, body: str = "x", sent_at: float = NOW, visible_at: float = NOW) -> list[dict[str, Any]]:
    return [{"body": body, "sent_at": sent_at, "visible_at": visible_at}] * count


@pytest.mark.parametrize(
    ("waiting", "window", "count"),
    [
        ([], 0.0, 0),
        (messages(3), 0.0, 3),
        (messages(3), 0.1, 0),
        (messages(10), 0.1, 10),
        (messages(11), 0.1, 10),
        (messages(2, sent_at=NOW - 1, visible_at=NOW - 1), 1.0, 2),
        (messages(2) + messages(1, sent_at=NOW - 1, visible_at=NOW - 1), 1.0, 3),
        # Given back a moment ago: the window begins anew.
        (messages(2, sent_at=NOW - 500), 1.0, 0),
    ],
)
def test_a_batch_is_full_or_its_window_is_over(waiting: list[dict[str, Any]], window: float, count: int) -> None:
    assert due(waiting, 10, window, NOW) == count


def test_a_batch_that_no_invocation_would_hold_is_full() -> None:
    half = "x" * (LARGEST_PAYLOAD // 2)

    assert due(messages(3, half), 10, 60.0, NOW) == 2
    assert due(messages(2, half + half + half), 10, 60.0, NOW) == 1, "alone it is tried"
