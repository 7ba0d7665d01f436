"""When a delivery is retried, when it is given up, and what the dead letter says."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

import pytest

from localcloud.delivery import Deliveries, Delivery, DeliveryFailed, RetryPolicy

RULE = "arn:aws:events:us-east-1:000000000000:rule/upload"
TARGET = "arn:aws:states:us-east-1:000000000000:stateMachine:retrain"
DEAD = "arn:aws:sqs:us-east-1:000000000000:dead"
THROTTLED = DeliveryFailed("THROTTLING", "Rate exceeded", retriable=True)
FORBIDDEN = DeliveryFailed("NO_PERMISSIONS", "not authorized", retriable=False)


@dataclass
class FakeTargets:
    """Fails with each of `failures`, one per attempt, then succeeds. `done` is set when the delivery is over."""

    failures: list[Exception] = field(default_factory=list)
    dead_letter_failure: DeliveryFailed | None = None
    attempts: int = 0
    told: list[int] = field(default_factory=list)
    """The number that each attempt was given."""
    dead_letters: list[dict[str, str]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def deliver(self, delivery: Delivery) -> None:
        self.attempts += 1
        self.told.append(delivery.attempt)
        if self.failures:
            raise self.failures.pop(0)
        self.done.set()

    def dead_letter(self, delivery: Delivery, attributes: Mapping[str, str]) -> None:
        if self.dead_letter_failure:
            raise self.dead_letter_failure
        self.dead_letters.append(dict(attributes))
        self.done.set()


class Metrics(list[str]):
    """Names of the metrics, in order; `over` is set by those that end a delivery."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def __call__(self, name: str, _dimensions: Mapping[str, str]) -> None:
        self.append(name)
        if name in ("Invocations", "InvocationsSentToDlq", "InvocationsFailedToBeSentToDlq"):
            self.over.set()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def deliver(metrics: Metrics) -> Iterator[Any]:
    made: list[Deliveries] = []

    def submit(
        targets: FakeTargets, time_scale: float = 0.0001, clock: Callable[[], float] = time.monotonic, **settings: Any
    ) -> None:
        deliveries = Deliveries(targets, time_scale, metrics, random.Random(7), clock)
        made.append(deliveries)
        deliveries.submit(Delivery(RULE, TARGET, "{}", **{"dead_letter_arn": DEAD, **settings}))
        assert metrics.over.wait(60)

    yield submit
    for deliveries in made:
        deliveries.close()


def test_a_delivery_that_works_is_made_once(deliver: Any, metrics: Metrics) -> None:
    targets = FakeTargets()

    deliver(targets)

    assert (targets.attempts, targets.dead_letters, metrics) == (1, [], ["Invocations"])


def test_a_failure_that_may_pass_is_retried(deliver: Any, metrics: Metrics) -> None:
    targets = FakeTargets([THROTTLED, THROTTLED])

    deliver(targets)

    assert (targets.attempts, metrics) == (3, ["Invocations"])
    assert targets.told == [1, 2, 3]


def test_a_failure_that_will_not_pass_is_dead_lettered_at_once(deliver: Any, metrics: Metrics) -> None:
    targets = FakeTargets([FORBIDDEN])

    deliver(targets)

    assert targets.attempts == 1
    assert targets.dead_letters == [
        {
            "RULE_ARN": RULE,
            "TARGET_ARN": TARGET,
            "ERROR_CODE": "NO_PERMISSIONS",
            "ERROR_MESSAGE": "not authorized",
            "RETRY_ATTEMPTS": "0",
        }
    ]
    assert metrics == ["FailedInvocations", "InvocationsSentToDlq"]


def test_the_number_of_retries_is_bounded(deliver: Any) -> None:
    targets = FakeTargets([THROTTLED] * 9)

    deliver(targets, retry=RetryPolicy(maximum_attempts=3))

    assert targets.attempts == 4
    assert targets.dead_letters[0]["RETRY_ATTEMPTS"] == "3"
    assert targets.dead_letters[0]["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"


def test_the_age_of_an_event_is_bounded(deliver: Any) -> None:
    targets = FakeTargets([THROTTLED] * 99)

    # Twenty seconds of AWS's time from one look at the clock to the next: 20, 40, then 60 and the wait that follows.
    ticks = count(step=20 * 0.0001)
    deliver(targets, clock=lambda: next(ticks), retry=RetryPolicy(maximum_age_seconds=60))

    assert targets.attempts == 3
    assert targets.dead_letters[0]["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"


def test_a_defect_of_ours_does_not_lose_the_event(deliver: Any) -> None:
    targets = FakeTargets([KeyError("a bug")])

    deliver(targets)

    assert targets.attempts == 2


def test_a_refused_dead_letter_is_counted(deliver: Any, metrics: Metrics) -> None:
    deliver(FakeTargets([FORBIDDEN], dead_letter_failure=FORBIDDEN))

    assert metrics == ["FailedInvocations", "InvocationsFailedToBeSentToDlq"]


def test_waits_grow_to_a_limit_and_differ() -> None:
    deliveries = Deliveries(FakeTargets(), 1, lambda *_: None, random.Random(7))

    waits = [deliveries.wait_seconds(attempt) for attempt in range(15)]

    deliveries.close()
    assert 0.5 <= waits[0] <= 1
    assert all(max(waits) <= 600 and later > earlier / 2 for earlier, later in pairwise(waits))
    assert waits[-1] >= 300
    assert len(set(waits)) == len(waits)
