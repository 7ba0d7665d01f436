"""Who handles an event: the first execution that claims it. Everything is delivered twice someday."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError

from sluice.aws.invocation import current_invocation
from sluice.errors import TransientError

_REMEMBERED_SECONDS = 7 * 24 * 3600
"""EventBridge redelivers for a day at most; a week leaves room for replays by hand."""

_LONGEST_CLAIM_MS = 50_000


def claimant(table: str, key: str, execution_arn: str) -> str:
    """The execution that claimed `key` first: `execution_arn` itself, or another one's ARN.

    Raises TransientError while another delivery is claiming it at this very moment.
    """
    return str(once(table, "upload", key, lambda: {"execution": execution_arn})["execution"])


def once(table: str, prefix: str, key: str, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run `action` for the first delivery of `key`, answer later ones with its result.

    Raises TransientError while the first is still at it, or for 50 seconds after it died: an action that takes longer
    may meet itself.
    """

    def act(*, claim: str) -> dict[str, Any]:
        return action()

    config = IdempotencyConfig(expires_after_seconds=_REMEMBERED_SECONDS, use_local_cache=False)
    current = current_invocation()
    if current is not None:
        # A function that dies in here frees its claim when its time would have been over, not after a week.
        config.register_lambda_context(_Claim(current))  # type: ignore[arg-type]
    remembered: Callable[..., dict[str, Any]] = idempotent_function(
        act,
        data_keyword_argument="claim",
        persistence_store=DynamoDBPersistenceLayer(table_name=table),
        config=config,
        key_prefix=prefix,
    )
    try:
        return remembered(claim=key)
    except IdempotencyAlreadyInProgressError as error:
        raise TransientError(f"another delivery of the same event is being handled: {error}") from error


class _Claim:
    """An invocation whose claim ends before Lambda tries again: after one minute (Lambda Developer Guide, "Error
    handling for asynchronous invocation"). By its own timeout it would hold off both attempts."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def get_remaining_time_in_millis(self) -> int:
        return min(int(self._context.get_remaining_time_in_millis()), _LONGEST_CLAIM_MS)
