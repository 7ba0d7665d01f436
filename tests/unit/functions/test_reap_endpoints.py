"""ReapEndpoints on moto's tables, with SageMaker and CloudWatch in memory."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.reap_endpoints.reap_endpoints import ReapEndpoints
from sluice.aws.endpoints import Endpoints
from sluice.aws.leftovers import Leftovers
from sluice.aws.notices import Notices
from sluice.aws.production import Deployment, ProductionStates
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.aws.variant_metrics import VariantMetrics
from sluice.errors import TransientError
from sluice.idleness import IdleRule
from sluice.naming import endpoint_name
from sluice.rollout import PackageRef
from tests.fakes.cloudwatch_metrics import FakeMetrics
from tests.fakes.left_behind import FakeAlarmList, FakeAliases, FakeHosting, FakeScaling
from tests.unit.functions.conftest import StageUnderTest

ENDPOINT = endpoint_name("dev", "churn", "real-time")
RULE = IdleRule(timedelta(hours=12), timedelta(hours=24))


@dataclass
class House:
    stage: StageUnderTest
    hosting: FakeHosting
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    scaling: FakeScaling = field(default_factory=FakeScaling)
    aliases: FakeAliases = field(default_factory=FakeAliases)

    def put_into_production(self, model: str, endpoint: str, **roles: Any) -> None:
        self.aliases.point(model, endpoint)
        live = Deployment(
            PackageRef(f"arn:{model}/6", 6), f"sluice-dev-{model}-v6-abcdef", "cause", "approved", "ada",
            self.stage.clock(), endpoint, "real-time",
        )  # fmt: skip
        assert self.stage.production.put(replace(self.stage.production.get(model), live=live, **roles))

    def reap(self) -> dict[str, Any]:
        hosting: Any = self.hosting
        scaling: Any = self.scaling
        aliases: Any = self.aliases
        metrics: Any = self.metrics
        alarms: Any = FakeAlarmList(self.hosting.made_at)
        stage = self.stage
        function = ReapEndpoints(
            "dev",
            RULE,
            stage.production,
            aliases,
            Endpoints(hosting),
            SharedEndpoints(stage.table),
            Leftovers(hosting, scaling, alarms, "dev"),
            VariantMetrics(metrics),
            Notices(stage.table),
            stage.journal,
            stage.clock,
        )
        return function.handle()

    def ask(self, endpoint: str = ENDPOINT) -> None:
        self.metrics.requests(endpoint, "AllTraffic", self.stage.clock(), 1)


@pytest.fixture
def house(stage: StageUnderTest) -> House:
    made = House(stage, FakeHosting(stage.clock() - timedelta(days=3)))
    made.hosting.serve(ENDPOINT, "sluice-dev-churn-v6-abcdef")
    made.put_into_production("churn", ENDPOINT)
    return made


def test_an_idle_endpoint_is_announced_and_removed_a_day_later(house: House) -> None:
    assert house.reap() == {"warn": 1}
    assert house.stage.actions() == ["ENDPOINT_IDLE"]
    assert house.stage.notices() == ["[sluice] churn: endpoint idle"]

    house.stage.clock.forward(hours=23)
    assert house.reap() == {"leave": 1}

    house.stage.clock.forward(hours=2)
    assert house.reap() == {"reap": 1}
    assert house.hosting.config_of == {}
    assert house.scaling.stopped == [(ENDPOINT, "AllTraffic")]
    assert house.aliases.get("churn") is None
    assert house.stage.actions() == ["ENDPOINT_IDLE", "ENDPOINT_REAPED"]
    why = house.stage.log.entries("churn")[-1].why
    assert why.endswith("sluice traffic churn --set v6=100 brings it back.")
    assert house.reap() == {}


def test_what_served_becomes_what_served_before(house: House) -> None:
    house.reap()
    house.stage.clock.forward(hours=25)
    house.reap()

    record = house.stage.production.get("churn")
    assert record.live is None
    assert record.previous is not None
    assert record.previous.package.version == 6


def test_a_request_keeps_it(house: House) -> None:
    house.ask()
    assert house.reap() == {"leave": 1}
    house.stage.clock.forward(hours=13)
    assert house.reap() == {"warn": 1}

    house.stage.clock.forward(hours=1)
    house.ask()
    assert house.reap() == {"withdraw": 1}
    house.stage.clock.forward(hours=25)

    assert house.reap() == {"warn": 1}, "a notice that was withdrawn begins anew"
    assert ENDPOINT in house.hosting.config_of


def test_requests_that_wait_keep_an_asynchronous_endpoint(house: House) -> None:
    house.metrics.put("ApproximateBacklogSize", house.stage.clock(), [3.0], EndpointName=ENDPOINT)

    assert house.reap() == {"leave": 1}


def test_a_new_deployment_keeps_it(house: House) -> None:
    house.hosting.changed_at = house.stage.clock() - timedelta(hours=11)

    assert house.reap() == {"leave": 1}


@pytest.mark.parametrize("status", ["Updating", "Failed", "Creating"])
def test_only_an_endpoint_in_service_is_looked_at(house: House, status: str) -> None:
    house.hosting.status[ENDPOINT] = status

    assert house.reap() == {"leave": 1}
    assert house.stage.actions() == []


@pytest.mark.parametrize("role", ["arriving", "queued"])
def test_what_is_about_to_change_is_left_alone(house: House, role: str) -> None:
    live = house.stage.production.get("churn").live
    house.put_into_production("churn", ENDPOINT, **{role: live})

    assert house.reap() == {"leave": 1}


SHARED = "sluice-dev--multi-shared"


def test_a_shared_endpoint_goes_for_all_its_models_at_once(house: House) -> None:
    house.hosting.serve(SHARED, "sluice-dev--multi-shared-0123abcd")
    for model in ("churn", "fraud"):
        house.put_into_production(model, SHARED)
    house.reap()
    assert house.stage.actions("fraud") == ["ENDPOINT_IDLE"]

    house.stage.clock.forward(hours=25)
    house.reap()

    assert SHARED not in house.hosting.config_of
    assert house.aliases.of == {}
    for model in ("churn", "fraud"):
        assert house.stage.actions(model) == ["ENDPOINT_IDLE", "ENDPOINT_REAPED"]


def test_a_model_that_joined_after_the_notice_gets_one_of_its_own(house: House) -> None:
    house.hosting.serve(SHARED, "sluice-dev--multi-shared-0123abcd")
    house.put_into_production("churn", SHARED)
    house.reap()
    house.stage.clock.forward(hours=25)
    house.put_into_production("fraud", SHARED)

    assert house.reap() == {"warn": 1}
    assert SHARED in house.hosting.config_of


def test_a_shared_endpoint_that_a_model_is_coming_to_is_left_alone(house: House) -> None:
    house.hosting.serve(SHARED, "sluice-dev--multi-shared-0123abcd")
    house.put_into_production("churn", SHARED)
    house.reap()
    house.stage.clock.forward(hours=25)
    live = house.stage.production.get("churn").live
    assert house.stage.production.put(replace(house.stage.production.get("fraud"), arriving=live))
    SharedEndpoints(house.stage.table).wait_for(SHARED, "fraud")

    assert house.reap() == {"leave": 1}
    assert SHARED in house.hosting.config_of


def test_a_deletion_that_fails_leaves_everything_as_it_was(house: House) -> None:
    house.reap()
    before = house.stage.production.get("churn")
    house.stage.clock.forward(hours=25)
    house.hosting.denied = {ENDPOINT}

    with pytest.raises(ClientError):
        house.reap()

    assert house.stage.production.get("churn") == before
    assert house.aliases.get("churn") is not None
    house.ask()
    assert house.reap() == {"withdraw": 1}


@pytest.mark.parametrize("role", ["arriving", "queued"])
def test_what_is_asked_for_during_the_deletion_is_not_overwritten(
    house: House, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.reap()
    house.stage.clock.forward(hours=25)
    delete = house.hosting.delete_endpoint

    def delete_while_it_is_asked_for(EndpointName: str) -> None:
        delete(EndpointName)
        record = house.stage.production.get("churn")
        assert house.stage.production.put(replace(record, **{role: record.live}))

    monkeypatch.setattr(house.hosting, "delete_endpoint", delete_while_it_is_asked_for)
    with pytest.raises(TransientError, match="meanwhile"):
        house.reap()

    assert house.reap() == {"leave": 1}
    record = house.stage.production.get("churn")
    assert record.live is not None
    assert getattr(record, role) == record.live
    assert house.aliases.get("churn") is not None


class Died(Exception):
    pass


@pytest.mark.parametrize(
    ("kind", "step"),
    [(ProductionStates, "put"), (FakeHosting, "delete_endpoint"), (FakeAliases, "remove"), (Notices, "remove")],
)
def test_a_removal_that_was_cut_off_is_ended_by_the_next(
    house: House, kind: type, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.reap()
    house.stage.clock.forward(hours=25)
    act = getattr(kind, step)

    def die_after(self: Any, *arguments: Any, **named: Any) -> None:
        act(self, *arguments, **named)
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(kind, step, die_after)
        with pytest.raises(Died):
            house.reap()

    house.reap()

    assert (house.hosting.config_of, house.aliases.of) == ({}, {})
    assert house.stage.production.get("churn").live is None
    assert house.stage.actions() == ["ENDPOINT_IDLE", "ENDPOINT_REAPED"]


def test_an_endpoint_that_somebody_deleted_is_not_ours_to_end(house: House) -> None:
    house.hosting.config_of.clear()

    assert house.reap() == {"missing": 1}
    assert house.aliases.get("churn") is not None


def test_an_alias_that_leads_to_another_stages_endpoint_keeps_nobody_from_the_others(house: House) -> None:
    house.aliases.point("astray", "sluice-prod-churn")

    assert house.reap() == {"warn": 1}
