"""Another function writes the production record between a decision's reading and its writing: it is decided anew."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from sluice.aws.production import ProductionRecord, ProductionStates, RecordChangedError
from sluice.errors import TransientError
from tests.unit.functions.production_under_test import NAME, CrashError, Production


@dataclass(frozen=True)
class Overtaken(ProductionStates):
    """Before each of the next writes, the next of `others` acts."""

    others: list[Callable[[], Any]] = field(default_factory=list)

    def put(self, record: ProductionRecord) -> bool:
        if self.others:
            self.others.pop(0)()
        return super().put(record)


def overtake(production: Production, *others: Callable[[], Any]) -> None:
    states = production.stage.production
    production.stage.production = Overtaken(states.table, states.now, list(others))


def touching(states: ProductionStates) -> Callable[[], None]:
    """A write that changes nothing but the revision."""
    return lambda: states.save(states.get("churn"))


def record(production: Production) -> ProductionRecord:
    return production.stage.production.get("churn")


def test_a_redelivery_that_meets_the_acceptance_of_what_it_began_leaves_it_alone(production: Production) -> None:
    production.bring_live(1)
    production.endpoints.crash_at = len(production.endpoints.changes) + 3  # once the endpoint is updated
    production.registry.statuses[2] = "Approved"
    event = production.event(2, "Approved")
    with pytest.raises(CrashError):
        production.deploy_model().handle(event)
    assert production.endpoints.changes[-1].startswith("update")
    production.endpoints.settle(str(production.endpoints.endpoints[NAME].pending_config))
    changes = list(production.endpoints.changes)
    overtake(production, production.endpoint_event)

    assert production.deploy_model().handle(event)["outcome"] == "ignored"

    assert (production.live, record(production).arriving) == (2, None)
    assert (production.endpoints.changes, production.bus.events) == (changes, [])
    assert production.stage.actions().count("DEPLOYED") == 2


def test_an_acceptance_that_meets_the_next_approval_starts_it(production: Production) -> None:
    production.bring_live(1)
    config = production.decide(2, "Approved")["config"]
    production.endpoints.settle(config)
    overtake(production, lambda: production.decide(3, "Approved"))

    assert production.endpoint_event()["outcome"] == "deployed"

    queued = record(production).queued
    assert (production.live, queued and queued.package.version) == (2, 3)
    assert production.started_from_queue == ["churn"]


def test_a_rejection_that_meets_the_acceptance_takes_the_version_back_once_it_is_live(production: Production) -> None:
    first = production.bring_live(1)
    production.endpoints.settle(production.decide(2, "Approved")["config"])
    overtake(production, production.endpoint_event)

    assert production.decide(2, "Rejected")["config"] == first

    assert production.live == 2
    production.endpoints.settle(first)
    assert production.endpoint_event()["outcome"] == "deployed"
    assert production.live == 1


def test_who_is_overtaken_again_and_again_gives_up_for_this_time(production: Production) -> None:
    overtake(production, *[touching(production.stage.production)] * 3)
    production.registry.statuses[1] = "Approved"
    event = production.event(1, "Approved")

    with pytest.raises(RecordChangedError) as overtaken:
        production.deploy_model().handle(event)

    assert isinstance(overtaken.value, TransientError)
    assert "create" not in " ".join(production.endpoints.changes)
    assert production.deploy_model().handle(event)["outcome"] == "deploying"
