"""CleanUp on moto's S3 and DynamoDB, with SageMaker in memory."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from functions.clean_up.clean_up import RemoveLeftovers
from functions.clean_up.watches import Watches
from sluice.aws.leftovers import Leftovers
from sluice.aws.model_monitor import ModelMonitor
from sluice.aws.production import Deployment, ProductionRecord, Retiring
from sluice.aws.schedules import Schedules
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.aws.watched import Watched, WatchedModels
from sluice.errors import TransientError
from sluice.naming import alarm_name, endpoint_config_name, endpoint_name, shared_config_name, shared_endpoint_name
from sluice.rollout import PackageRef
from tests.fakes.events import FakeBus
from tests.fakes.left_behind import FakeAlarmList, FakeAliases, FakeHosting, FakeScaling
from tests.fakes.schedules import FakeMonitors, FakeScheduler
from tests.unit.functions.conftest import StageUnderTest

REAL_TIME, SERVERLESS = endpoint_name("dev", "churn", "real-time"), endpoint_name("dev", "churn")


def config(version: int) -> str:
    return endpoint_config_name("dev", "churn", version, f"cause-{version}")


@dataclass
class House:
    """Version 6 serves, version 5 served before, 3 and 4 are of the past."""

    stage: StageUnderTest
    hosting: FakeHosting
    alarms: FakeAlarmList
    scaling: FakeScaling = field(default_factory=FakeScaling)
    aliases: FakeAliases = field(default_factory=FakeAliases)
    bus: FakeBus = field(default_factory=FakeBus)
    scheduler: FakeScheduler = field(default_factory=FakeScheduler)
    monitors: FakeMonitors = field(default_factory=FakeMonitors)

    def deployment(self, version: int, endpoint: str = REAL_TIME) -> Deployment:
        return Deployment(
            package=PackageRef(f"arn:aws:sagemaker:us-east-1:1:model-package/sluice-dev-churn/{version}", version),
            config_name=config(version),
            cause=f"cause-{version}",
            reason="it was approved",
            requested_by="ada",
            requested_at=self.stage.clock(),
            endpoint_name=endpoint,
            mode="real-time" if endpoint == REAL_TIME else "serverless",
        )

    def record(self, **changes: Any) -> None:
        before = self.stage.production.get("churn")
        assert self.stage.production.put(replace(before, **changes))

    def read(self) -> ProductionRecord:
        return self.stage.production.get("churn")

    @property
    def watched(self) -> WatchedModels:
        return WatchedModels(self.stage.table, self.stage.clock)

    def watches(self) -> Watches:
        bus: Any = self.bus
        monitors: Any = self.monitors
        schedules = Schedules(self.scheduler, "dev")
        return Watches("dev", schedules, ModelMonitor(monitors, "dev"), self.watched, bus, self.stage.journal)

    def clean_up(self) -> dict[str, Any]:
        hosting: Any = self.hosting
        scaling: Any = self.scaling
        alarms: Any = self.alarms
        aliases: Any = self.aliases
        bus: Any = self.bus
        stage = self.stage
        function = RemoveLeftovers(
            "dev",
            timedelta(hours=1),
            timedelta(minutes=10),
            stage.table,
            stage.production,
            aliases,
            Leftovers(hosting, scaling, alarms, "dev"),
            SharedEndpoints(stage.table),
            self.watches(),
            bus,
            stage.journal,
            stage.clock,
        )
        return function.handle()


@pytest.fixture
def house(stage: StageUnderTest) -> House:
    made_at = stage.clock() - timedelta(hours=2)
    made = House(stage, FakeHosting(made_at), FakeAlarmList(made_at))
    for version in (3, 4, 5):
        made.hosting.leave(config(version))
    made.hosting.serve(REAL_TIME, config(6))
    made.alarms.names = [alarm_name(REAL_TIME, variant, "latency") for variant in ("AllTraffic", "v5")]
    made.aliases.point("churn", REAL_TIME)
    made.watched.put(Watched("churn", config(6), REAL_TIME, 6, made_at, "none", "none"))
    made.record(live=made.deployment(6), previous=made.deployment(5))
    return made


def test_what_nothing_needs_is_removed_and_the_rest_stays(house: House) -> None:
    assert house.clean_up() == {"endpoint-config": 2, "model": 2, "alarm": 1}

    assert set(house.hosting.configs) == house.hosting.models == {config(5), config(6)}
    assert house.alarms.names == [alarm_name(REAL_TIME, "AllTraffic", "latency")]
    assert house.stage.actions() == [], "only an endpoint's end is history"
    assert house.clean_up() == {}


@pytest.mark.parametrize("role", ["arriving", "queued", "trial"])
def test_what_arrives_waits_or_is_tried_stays(house: House, role: str) -> None:
    house.record(**{role: house.deployment(4)})

    house.clean_up()

    assert config(4) in house.hosting.configs


def test_an_endpoint_of_another_mode_goes_after_its_grace_and_is_audited(house: House) -> None:
    house.hosting.serve(SERVERLESS, config(4))
    at = house.stage.clock()
    house.record(retiring=(Retiring(SERVERLESS, at + timedelta(minutes=30)),))
    house.clean_up()
    assert SERVERLESS in house.hosting.config_of

    house.stage.clock.forward(minutes=31)
    assert house.clean_up()["endpoint"] == 1

    assert set(house.hosting.config_of) == {REAL_TIME}
    assert house.scaling.stopped == [(SERVERLESS, "AllTraffic")]
    (entry,) = house.stage.log.entries("churn")
    assert (entry.action, entry.details) == ("ENDPOINT_REMOVED", {"endpoint": SERVERLESS})
    assert house.read().retiring == ()
    assert house.clean_up() == {"endpoint-config": 1, "model": 1}, "its config was in use until then"


def test_an_endpoint_that_somebody_removed_retires_no_more(house: House) -> None:
    house.record(retiring=(Retiring(SERVERLESS, house.stage.clock()),))

    house.clean_up()

    assert (house.read().retiring, house.stage.actions()) == ((), [])


def test_one_that_cannot_be_removed_keeps_no_other_and_is_told(house: House) -> None:
    house.hosting.denied = {config(3)}

    with pytest.raises(TransientError, match=rf"2 could not be removed: endpoint-config {config(3)}"):
        house.clean_up()

    assert set(house.hosting.configs) == {config(3), config(5), config(6)}


def test_what_is_gone_already_is_as_good_as_removed(house: House) -> None:
    hosting: Any = house.hosting
    listed = hosting.get_paginator("list_models")
    hosting.models -= {config(3), config(4)}
    paginator = type(hosting).get_paginator
    hosting.get_paginator = lambda operation: listed if operation == "list_models" else paginator(hosting, operation)

    assert house.clean_up() == {"endpoint-config": 2, "model": 2, "alarm": 1}


def test_another_stages_things_are_nobodys(house: House) -> None:
    """NameContains finds them: `x-sluice-dev-…`."""
    other = f"x-{config(3)}"
    house.hosting.leave(other)

    house.clean_up()

    assert other in house.hosting.configs


def test_a_stage_without_models_has_nothing_to_remove(stage: StageUnderTest) -> None:
    at = stage.clock()

    assert House(stage, FakeHosting(at), FakeAlarmList(at)).clean_up() == {}


@pytest.mark.parametrize("role", ["arriving", "queued"])
def test_a_deployment_that_does_not_get_on_is_looked_at(house: House, role: str) -> None:
    house.record(**{role: house.deployment(7)})
    house.stage.clock.forward(minutes=9)
    house.clean_up()
    assert house.bus.put_in == []

    house.stage.clock.forward(minutes=2)
    house.clean_up()

    assert house.bus.put_in == [("Endpoint Ready", {"stage": "dev", "model": "churn"})]


def test_what_has_arrived_is_not_looked_at(house: House) -> None:
    house.record(trial=house.deployment(7))
    house.stage.clock.forward(hours=5)
    house.clean_up()

    assert house.bus.put_in == []


def test_one_that_cannot_be_removed_keeps_no_deployment_from_being_looked_at(house: House) -> None:
    house.record(arriving=house.deployment(7))
    house.hosting.denied = {config(3)}
    house.stage.clock.forward(minutes=11)

    with pytest.raises(TransientError):
        house.clean_up()

    assert len(house.bus.put_in) == 1


@pytest.mark.parametrize("role", ["live", "arriving", "queued", "trial"])
def test_an_endpoint_that_is_about_to_be_used_again_stays(house: House, role: str) -> None:
    """Its time is over, and it still has its old config: what comes brings another one."""
    house.hosting.serve(SERVERLESS, config(4))
    house.record(retiring=(Retiring(SERVERLESS, house.stage.clock()),), **{role: house.deployment(7, SERVERLESS)})

    house.clean_up()

    assert SERVERLESS in house.hosting.config_of


SHARED = shared_endpoint_name("dev", "small")
SHARED_CONFIG = shared_config_name("dev", "small", "image")


def test_a_shared_endpoint_that_no_model_is_served_from_goes_with_what_it_served(house: House) -> None:
    house.hosting.serve(SHARED, SHARED_CONFIG)
    house.record(previous=house.deployment(5, SHARED), settled_at=house.stage.clock())
    house.clean_up()
    assert SHARED in house.hosting.config_of, "its model left it just now"

    house.stage.clock.forward(minutes=61)
    assert house.clean_up()["endpoint"] == 1
    assert house.stage.actions() == ["ENDPOINT_REMOVED"]
    house.clean_up()

    assert SHARED not in house.hosting.config_of
    assert SHARED_CONFIG not in {*house.hosting.configs, *house.hosting.models}


def test_a_shared_endpoint_that_a_model_is_coming_to_stays(house: House) -> None:
    house.hosting.serve(SHARED, SHARED_CONFIG)
    SharedEndpoints(house.stage.table).wait_for(SHARED, "fraud")

    house.clean_up()

    assert SHARED in house.hosting.config_of
    assert SHARED_CONFIG in house.hosting.configs


WATCHED_BY_US = "sluice-dev-churn-monitor"


def watch(house: House, engine: Any = "scheduled-job", version: int = 6) -> None:
    house.watched.put(Watched("churn", config(version), REAL_TIME, version, house.stage.clock(), engine, engine))
    if engine == "scheduled-job":
        house.scheduler.schedules[WATCHED_BY_US] = {"Name": WATCHED_BY_US}
    else:
        for kind in ("data-quality", "model-quality"):
            house.monitors.schedules[f"sluice-dev-churn-{kind}"] = {
                "MonitoringScheduleConfig": {"MonitoringJobDefinitionName": f"sluice-dev-churn-{kind}-v6"}
            }
            house.monitors.definitions[f"sluice-dev-churn-{kind}-v6"] = {}


@pytest.mark.parametrize("engine", ["scheduled-job", "model-monitor"])
def test_schedules_of_a_model_that_nothing_is_live_of_go(house: House, engine: str) -> None:
    watch(house, engine)
    house.record(live=None)

    assert house.clean_up()["schedules"] == 1

    assert not house.scheduler.schedules
    assert not house.monitors.schedules
    assert not house.monitors.definitions
    assert house.stage.actions().count("MONITORING_STOPPED") == 1
    assert "schedules" not in house.clean_up()
    assert house.stage.actions().count("MONITORING_STOPPED") == 1


def test_schedules_of_a_model_that_was_never_deployed_go_and_others_stay(house: House) -> None:
    watch(house)
    for name in ("sluice-dev-gone-monitor", "sluice-dev-other-thing"):
        house.scheduler.schedules[name] = {"Name": name}

    assert house.clean_up()["schedules"] == 1

    assert set(house.scheduler.schedules) == {WATCHED_BY_US, "sluice-dev-other-thing"}
    assert house.bus.put_in == []


def test_what_two_engines_watch_keeps_the_one_in_force(house: House) -> None:
    watch(house)
    watch(house, "model-monitor")

    house.clean_up()

    assert not house.scheduler.schedules
    assert len(house.monitors.schedules) == 2


@pytest.mark.parametrize("lost", ["item", "schedule", "version"])
def test_what_serves_and_is_not_watched_as_it_should_be_is_looked_at(house: House, lost: str) -> None:
    watch(house)
    if lost == "item":
        house.stage.table.delete("MODEL#churn", "MONITORING")
    if lost == "schedule":
        house.scheduler.schedules.clear()
    if lost == "version":
        watch(house, version=5)

    house.clean_up()

    assert house.bus.put_in == [("Endpoint Ready", {"stage": "dev", "model": "churn"})]
    watched = house.watched.get("churn")
    assert watched is None or watched.config_name != config(6)


def test_an_endpoint_that_is_gone_is_not_watched_again(house: House) -> None:
    watch(house)
    house.scheduler.schedules.clear()
    del house.hosting.config_of[REAL_TIME]

    house.clean_up()

    assert house.bus.put_in == []


def test_what_run_monitor_stopped_is_removed_and_watched_again_where_the_endpoint_is_there(house: House) -> None:
    watch(house, "model-monitor")
    stopped = house.watched.get("churn")
    assert stopped is not None
    house.watched.put(replace(stopped, engine="none"))

    assert house.clean_up()["schedules"] == 1

    assert not house.monitors.schedules
    assert house.bus.put_in == [("Endpoint Ready", {"stage": "dev", "model": "churn"})]


def test_an_endpoint_is_freed_of_its_monitoring_before_it_is_deleted(house: House) -> None:
    house.hosting.serve(SERVERLESS, config(6))
    house.aliases.point("churn", SERVERLESS)
    retiring = (Retiring(REAL_TIME, house.stage.clock() - timedelta(minutes=1)),)
    house.record(live=house.deployment(6, SERVERLESS), previous=None, retiring=retiring)
    house.hosting.serve(REAL_TIME, config(4))
    house.hosting.monitors = {"sluice-dev-churn-data-quality": REAL_TIME, "sluice-dev-other-data-quality": "another"}

    house.clean_up()

    assert REAL_TIME not in house.hosting.config_of
    assert house.hosting.monitors == {"sluice-dev-other-data-quality": "another"}
