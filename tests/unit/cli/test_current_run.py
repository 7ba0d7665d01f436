from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cli.current_run import find_run, is_on_its_way
from sluice.aws.runs import Run, RunStatus


def run(run_id: str, status: RunStatus) -> Run:
    return Run("churn", run_id, f"arn:{run_id}", status, "s3://b/k@v", "2026-11-20T09:00:00+00:00", {})


OLD, ACTIVE = run("1", "SUCCEEDED"), run("2", "RUNNING")


def find(looks: Iterator[list[Run]], starting: bool, limit: float = 10, refused: bool = False) -> Run | None:
    ticks = iter(range(1000))
    return find_run(
        lambda: next(looks),
        lambda: starting,
        lambda: refused,
        every_seconds=1,
        limit_seconds=limit,
        sleep=lambda _: None,
        clock=lambda: next(ticks),
    )


def test_an_active_run_is_followed_at_once() -> None:
    assert find(iter([[ACTIVE, OLD]]), starting=True) is ACTIVE


def test_a_run_that_is_starting_is_waited_for() -> None:
    assert find(iter([[OLD], [OLD], [ACTIVE, OLD]]), starting=True) is ACTIVE


def test_with_nothing_under_way_the_newest_is_shown() -> None:
    assert find(iter([[OLD]]), starting=False) is OLD


def test_the_first_upload_may_still_be_on_its_way() -> None:
    assert find(iter([[], [], [ACTIVE]]), starting=False) is ACTIVE


def test_an_execution_of_another_model_is_not_waited_for_forever() -> None:
    assert find(iter([[OLD]] * 100), starting=True) is OLD


def test_a_refused_first_upload_is_not_waited_for() -> None:
    assert find(iter([[]]), starting=False, refused=True) is None


def test_no_run_at_all_is_said() -> None:
    assert find(iter([[]] * 100), starting=False) is None


@pytest.mark.parametrize(
    ("second", "newest", "refused", "waits"),
    [
        (1, OLD, False, True),
        (0, OLD, False, False),  # the upload that started the newest run
        (1, None, False, True),
        (1, OLD, True, False),
        (None, None, False, False),
    ],
)
def test_an_upload_after_the_newest_run_is_about_to_start_one(
    second: int | None, newest: Run | None, refused: bool, waits: bool
) -> None:
    """The newest run started at 09:00:00."""
    uploaded = None if second is None else datetime(2026, 11, 20, 9, 0, second, tzinfo=UTC)
    assert is_on_its_way(uploaded, newest, refused) is waits
