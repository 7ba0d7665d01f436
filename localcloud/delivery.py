"""EventBridge's delivery of an event to a target: in the background, retried, then dead-lettered.

As EventBridge does it: the order of deliveries is not guaranteed; a missing permission or target is not retried; other
errors are, with exponential backoff and jitter, until the target's RetryPolicy is used up; then the event goes to the
target's dead-letter queue, if that queue admits events.amazonaws.com.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import contextvars
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

_log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 600.0


@dataclass(frozen=True)
class RetryPolicy:
    maximum_attempts: int = 185
    maximum_age_seconds: int = 86400


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one target. `payload` is what the target gets, rendered."""

    rule_arn: str
    target_arn: str
    payload: str
    event_id: str = ""
    role_arn: str = ""
    retry: RetryPolicy = RetryPolicy()
    dead_letter_arn: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1
    """Which one this is, when it is tried."""


class DeliveryFailed(Exception):
    """`code` is one of EventBridge's ERROR_CODEs, e.g. NO_PERMISSIONS, NO_RESOURCE, THROTTLING."""

    def __init__(self, code: str, message: str, *, retriable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retriable = retriable


class Targets(Protocol):
    """The outside of the delivery. Both raise DeliveryFailed."""

    def deliver(self, delivery: Delivery) -> None: ...

    def dead_letter(self, delivery: Delivery, attributes: Mapping[str, str]) -> None: ...


Metric = Callable[[str, Mapping[str, str]], None]


class Deliveries:
    """Runs deliveries on a few threads; a wait between attempts occupies none of them."""

    def __init__(
        self,
        targets: Targets,
        time_scale: float,
        metric: Metric,
        jitter: random.Random,
        clock: Callable[[], float] = time.monotonic,
        dimensions: Callable[[Delivery], Mapping[str, str]] | None = None,
    ) -> None:
        self._dimensions = dimensions or _dimensions
        self._targets = targets
        self._scale = time_scale
        self._metric = metric
        self._jitter = jitter
        self._clock = clock
        self._threads = ThreadPoolExecutor(16, "event-delivery")
        self._waiting: set[threading.Timer] = set()
        self._closed = False

    def submit(self, delivery: Delivery) -> None:
        """Returns at once; the attempts run under a copy of the caller's context (the account and region)."""
        self._run(contextvars.copy_context(), delivery, 0, self._clock())

    def close(self) -> None:
        self._closed = True
        for timer in list(self._waiting):
            timer.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, context: contextvars.Context, delivery: Delivery, attempt: int, started: float) -> None:
        if not self._closed:
            self._threads.submit(context.run, self._attempt, context.copy(), delivery, attempt, started)

    def _attempt(self, context: contextvars.Context, delivery: Delivery, attempt: int, started: float) -> None:
        try:
            self._targets.deliver(replace(delivery, attempt=attempt + 1))
            self._metric("Invocations", self._dimensions(delivery))
        except DeliveryFailed as failure:
            self._after_failure(context, delivery, attempt, started, failure)
        except Exception as defect:  # the thread's edge: a defect must not lose the event either
            _log.exception("delivery of %s to %s failed", delivery.event_id, delivery.target_arn)
            internal = DeliveryFailed("INTERNAL_ERROR", str(defect), retriable=True)
            self._after_failure(context, delivery, attempt, started, internal)

    def _after_failure(
        self, context: contextvars.Context, delivery: Delivery, attempt: int, started: float, failure: DeliveryFailed
    ) -> None:
        wait = self.wait_seconds(attempt)
        age = (self._clock() - started) / self._scale + wait if self._scale else 0.0
        exhausted = _exhausted(delivery.retry, attempt, age)
        if failure.retriable and not exhausted:
            _log.info("%s, attempt %d: %s; again in %.1f s", delivery.target_arn, attempt + 1, failure.message, wait)
            self._later(wait * self._scale, lambda: self._run(context, delivery, attempt + 1, started))
            return
        self._metric("FailedInvocations", self._dimensions(delivery))
        self._give_up(delivery, attempt, failure, exhausted if failure.retriable else "")

    def wait_seconds(self, attempt: int) -> float:
        """In AWS's time; drawn anew at every call."""
        longest: float = min(FIRST_WAIT_SECONDS * 2.0**attempt, LONGEST_WAIT_SECONDS)
        return self._jitter.uniform(longest / 2, longest)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def fire() -> None:
            self._waiting.discard(timer)
            action()

        timer = threading.Timer(seconds, fire)
        timer.daemon = True
        self._waiting.add(timer)
        timer.start()

    def _give_up(self, delivery: Delivery, attempt: int, failure: DeliveryFailed, exhausted: str) -> None:
        reason = f"{failure.code} {failure.message}"
        what = f"{delivery.target_arn} of {delivery.rule_arn} after {attempt + 1} attempts: {reason}"
        if not delivery.dead_letter_arn:
            _log.warning("event %s dropped, undeliverable to %s", delivery.event_id, what)
            return
        try:
            self._targets.dead_letter(delivery, _attributes(delivery, attempt, failure, exhausted))
            self._metric("InvocationsSentToDlq", self._dimensions(delivery))
            _log.warning("event %s dead-lettered, undeliverable to %s", delivery.event_id, what)
        except DeliveryFailed as refused:
            self._metric("InvocationsFailedToBeSentToDlq", self._dimensions(delivery))
            _log.error("event %s lost: %s; and its dead-letter queue: %s", delivery.event_id, what, refused.message)


def _exhausted(policy: RetryPolicy, attempt: int, age_seconds: float) -> str:
    if attempt >= policy.maximum_attempts:
        return "MaximumRetryAttempts"
    if age_seconds > policy.maximum_age_seconds:
        return "MaximumEventAgeInSeconds"
    return ""


def _attributes(delivery: Delivery, attempt: int, failure: DeliveryFailed, exhausted: str) -> dict[str, str]:
    found = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": delivery.target_arn,
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
        "RETRY_ATTEMPTS": str(attempt),
    }
    return found | ({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {})


def _dimensions(delivery: Delivery) -> dict[str, str]:
    return {"RuleName": delivery.rule_arn.rsplit("/", 1)[-1]}
