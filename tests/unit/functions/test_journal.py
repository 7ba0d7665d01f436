"""The journal on moto's table and topic: people are told, and then it is written down that they were."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice.aws.journal import Journal
from sluice.aws.notifications import Notifications
from tests.unit.functions.conftest import StageUnderTest


class Topic:
    """SNS's client, which does what a test says before it takes a notice."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.before = before
        self.published: list[str] = []

    def publish(self, **request: Any) -> None:
        self.before()
        self.published.append(request["Subject"])


def journal_to(stage: StageUnderTest, topic: Any) -> Journal:
    return replace(stage.journal, notifications=Notifications(topic, "arn:topic"))


def failed_run(journal: Journal, run: str = "run-1") -> None:
    journal.announce("churn", "RUN_FAILED", "out of memory", once=run)


def test_what_happened_once_is_told_and_written_once(stage: StageUnderTest) -> None:
    topic = Topic()
    for _ in range(3):
        failed_run(journal_to(stage, topic))

    assert topic.published == ["[sluice] churn: run failed"]
    assert stage.actions() == ["RUN_FAILED"]
    assert stage.counted == [("RUN_FAILED", "churn")]


def test_another_occurrence_and_another_action_are_told_too(stage: StageUnderTest) -> None:
    topic = Topic()
    journal = journal_to(stage, topic)
    failed_run(journal)
    failed_run(journal, "run-2")
    journal.announce("churn", "HELP_NEEDED", "nothing is approved", once="run-1")

    assert stage.actions() == ["RUN_FAILED", "RUN_FAILED", "HELP_NEEDED"]
    assert len(topic.published) == 3


def test_without_a_key_each_call_is_told(stage: StageUnderTest) -> None:
    topic = Topic()
    for _ in range(2):
        journal_to(stage, topic).announce("churn", "RUN_FAILED", "out of memory")

    assert len(topic.published) == len(stage.actions()) == 2


def test_a_topic_that_refuses_holds_nothing_up_for_ever(stage: StageUnderTest) -> None:
    def refuse() -> None:
        raise ClientError({"Error": {"Code": "Throttled", "Message": "later"}}, "Publish")

    with pytest.raises(ClientError, match="later"):
        failed_run(journal_to(stage, Topic(refuse)))

    failed_run(journal_to(stage, Topic(refuse)))
    assert stage.actions() == ["RUN_FAILED"]


def test_two_at_the_same_moment_may_tell_twice_but_write_once(stage: StageUnderTest) -> None:
    other = Topic()
    topic = Topic(before=lambda: failed_run(journal_to(stage, other)))
    failed_run(journal_to(stage, topic))

    assert len(topic.published) == len(other.published) == 1
    assert stage.actions() == ["RUN_FAILED"]
    assert stage.counted == [("RUN_FAILED", "churn")]


def test_whoever_dies_while_writing_an_entry_down_has_it_written_by_the_next_delivery(stage: StageUnderTest) -> None:
    """After any call to DynamoDB: an entry must never be taken for written that is not."""
    for kill_after in range(1, 4):
        with stage.dying_after(kill_after):
            stage.journal.record("churn", "DEPLOYED", "version 7 serves", once=f"deployment-{kill_after}")
        stage.journal.record("churn", "DEPLOYED", "version 7 serves", once=f"deployment-{kill_after}")

    assert stage.actions() == ["DEPLOYED"] * 3
