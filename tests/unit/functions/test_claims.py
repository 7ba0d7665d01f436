"""An event is handled once, and not never."""

from dataclasses import dataclass
from typing import Any

import pytest

from sluice.aws.claims import once
from sluice.aws.invocation import invocation
from sluice.errors import TransientError
from tests.unit.functions.conftest import StageUnderTest, create_table


class Killed(BaseException):
    """What ends a process ends it without any handler of ours: no Exception."""


@dataclass
class Invocation:
    """A Lambda context, as far as it is asked."""

    remaining: int
    function_name: str = "f"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:f"
    aws_request_id: str = "r"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


@pytest.fixture
def table(stage: StageUnderTest) -> str:
    create_table("sluice-dev-idempotency", "id")
    return "sluice-dev-idempotency"


def invoke(action: Any, remaining: int) -> Any:
    context: Any = Invocation(remaining)
    with invocation(context):
        return action()


def die() -> dict[str, Any]:
    raise Killed


def test_a_claim_whose_function_died_is_free_again_when_its_time_is_over(table: str) -> None:
    with pytest.raises(Killed):
        invoke(lambda: once(table, "p", "k", die), remaining=0)

    answer = invoke(lambda: once(table, "p", "k", lambda: {"done": True}), remaining=60_000)

    assert answer == {"done": True}


def test_a_claim_holds_while_its_function_may_still_run(table: str) -> None:
    with pytest.raises(Killed):
        invoke(lambda: once(table, "p", "k", die), remaining=60_000)

    with pytest.raises(TransientError):
        invoke(lambda: once(table, "p", "k", lambda: {"done": True}), remaining=60_000)
