"""What may go, and that what serves or may be gone back to never does."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.clean_up import CleanUp, ConfigUse, Named, Needs, ServingEndpoint, There
from sluice.naming import alarm_name, endpoint_config_name, endpoint_name, variant_of

NOW = datetime(2026, 11, 20, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = CleanUp("dev", NOW, HOUR)
ENDPOINT = endpoint_name("dev", "churn", "real-time")


def config(version: int, model: str = "churn") -> str:
    return endpoint_config_name("dev", model, version, f"cause-{version}")


def old(name: str, hours: float = 2) -> Named:
    return Named(name, NOW - timedelta(hours=hours))


def use(*versions: int, variants: tuple[str, ...] = ("AllTraffic",)) -> ConfigUse:
    return ConfigUse(frozenset(config(version) for version in versions), frozenset(variants))


LIVE = ServingEndpoint(ENDPOINT, frozenset({config(6)}))
NEEDS = Needs("churn", ENDPOINT, frozenset({config(6), config(5)}), frozenset({config(6)}))


def removed(there: There, *needs: Needs, uses: dict[str, ConfigUse] | None = None) -> list[str]:
    return [removal.name for removal in RULES.plan(there, needs or (NEEDS,), uses or {config(6): use(6)})]


def test_configs_and_models_that_nothing_needs_go() -> None:
    names = tuple(old(config(version)) for version in (3, 4, 5, 6))

    assert removed(There((LIVE,), names, names)) == [config(3), config(4), config(3), config(4)]


@pytest.mark.parametrize(("hours", "goes"), [(0.9, False), (1.1, True)])
def test_what_is_young_may_be_half_of_a_deployment(hours: float, goes: bool) -> None:
    names = (old(config(3), hours),)

    assert removed(There((LIVE,), names, names)) == ([config(3)] * 2 if goes else [])


def test_a_model_that_a_needed_config_names_stays() -> None:
    """A trial's config names the champion's model, which was made with an earlier config."""
    there = There(
        (ServingEndpoint(ENDPOINT, frozenset({config(7)})),), (old(config(4)),), (old(config(4)), old(config(3)))
    )

    assert removed(there, uses={config(7): use(7, 4)}) == [config(4), config(3)]


def test_what_an_endpoint_is_being_updated_to_stays() -> None:
    endpoint = ServingEndpoint(ENDPOINT, frozenset({config(6), config(8)}), is_busy=True)
    names = (old(config(8)),)

    assert removed(There((endpoint,), names, names)) == []


@pytest.mark.parametrize(
    "name",
    [
        "sluice-dev-churn",
        "sluice-dev-other-v1-abcdef",
        "sluice-dev-churn-v1-abcdefg",
        "sluice-dev-churn-vx-abcdef",
        "sluice-dev-churn-v2-v6-abcdef",
        "sluice-dev--multi-shared-0123abcdef",
        "sluice-dev--batch-261120202448-0123456789ab",
        "sluice-prod-churn-v1-abcdef",
        "sluice-validate-dev-261120202448-3fa2",
    ],
)
def test_what_no_deployment_of_the_models_made_is_left_alone(name: str) -> None:
    assert removed(There((LIVE,), (old(name),), (old(name),))) == []


def test_a_name_belongs_to_the_longer_model() -> None:
    other = Needs("churn-v2")
    name = config(1, "churn-v2")

    assert removed(There((LIVE,), (old(name),), ()), NEEDS, other) == [name]


SERVERLESS = endpoint_name("dev", "churn")
LEFT = ServingEndpoint(SERVERLESS, frozenset({config(5)}))


@pytest.mark.parametrize(("after", "goes"), [(NOW - HOUR, True), (NOW, True), (NOW + HOUR, False)])
def test_an_endpoint_that_traffic_left_goes_after_its_grace(after: datetime, goes: bool) -> None:
    needs = replace(NEEDS, retiring=((SERVERLESS, after),))

    assert removed(There((LIVE, LEFT)), needs) == ([SERVERLESS] if goes else [])


@pytest.mark.parametrize(
    "needs",
    [
        replace(NEEDS, endpoint=SERVERLESS),
        replace(NEEDS, current=frozenset({config(5)})),
    ],
)
def test_an_endpoint_that_is_used_again_stays(needs: Needs) -> None:
    assert removed(There((LIVE, LEFT)), replace(needs, retiring=((SERVERLESS, NOW - HOUR),))) == []


def test_an_endpoint_that_another_model_uses_stays() -> None:
    shared = "sluice-dev--multi-shared"
    needs = replace(NEEDS, retiring=((shared, NOW - HOUR),))
    there = There((LIVE, ServingEndpoint(shared, frozenset({"sluice-dev--multi-shared-0123abcd"}))))

    assert removed(there, needs, Needs("fraud", shared)) == []
    assert removed(there, needs, Needs("fraud")) == [shared]


def test_an_endpoint_that_changes_is_left_until_it_has_settled() -> None:
    needs = replace(NEEDS, retiring=((SERVERLESS, NOW - HOUR),))

    assert removed(There((LIVE, replace(LEFT, is_busy=True))), needs) == []


def test_two_models_retire_a_shared_endpoint_once() -> None:
    shared = "sluice-dev--multi-shared"
    there = There((ServingEndpoint(shared, frozenset()),))
    both = [Needs(model, retiring=((shared, NOW - HOUR),)) for model in ("churn", "fraud")]

    assert removed(there, *both) == [shared]


def alarms(*variants: str, endpoint: str = ENDPOINT, hours: float = 2) -> tuple[Named, ...]:
    return tuple(old(alarm_name(endpoint, variant, "latency"), hours) for variant in variants)


def test_alarms_of_variants_and_endpoints_that_are_gone_go() -> None:
    there = There((LIVE,), alarms=(*alarms("AllTraffic", "v5"), *alarms("AllTraffic", endpoint=SERVERLESS)))

    assert removed(there) == [f"{ENDPOINT}/v5/latency", f"{SERVERLESS}/AllTraffic/latency"]


@pytest.mark.parametrize(
    "there",
    [
        There((LIVE,), alarms=alarms("v7", hours=0.5)),
        There((LIVE,), alarms=alarms("AllTraffic", endpoint="sluice-dev-other")),
        There((LIVE,), alarms=(old("sluice-dev-event-dead-letters"), old("sluice-dev-churn"))),
        There((ServingEndpoint(ENDPOINT, frozenset({config(9)})),), alarms=alarms("v9")),
    ],
)
def test_other_alarms_stay(there: There) -> None:
    """Young, of no model here, of the stack, and of a variant in a config that could not be looked at."""
    assert removed(there) == []


def test_alarms_of_what_may_be_gone_back_to_stay() -> None:
    """During a trial the endpoint has no variant AllTraffic, and has it again afterwards."""
    on_trial = replace(LIVE, config_names=frozenset({config(7)}))
    uses = {config(7): use(7, 6, variants=("v6", "v7")), config(6): use(6)}

    assert removed(There((on_trial,), alarms=alarms("AllTraffic", "v7", "v5")), uses=uses) == [f"{ENDPOINT}/v5/latency"]


def test_alarms_are_made_before_what_they_watch() -> None:
    assert removed(There((LIVE,), alarms=alarms("v7")), replace(NEEDS, is_changing=True)) == []


@dataclass
class Sim:
    """Deployments as DeployModel and ActivateEndpoint make them, with a clean-up whenever a test says."""

    now: datetime = NOW
    version: int = 0
    live: tuple[str, str] | None = None
    previous: tuple[str, str] | None = None
    """Endpoint and config."""
    trial: str | None = None
    arriving: tuple[str, str] | None = None
    updates: bool = False
    """The endpoint of what arrives was there when that was asked for."""
    serving: dict[str, str] = field(default_factory=dict)
    uses: dict[str, ConfigUse] = field(default_factory=dict)
    configs: dict[str, datetime] = field(default_factory=dict)
    models: dict[str, datetime] = field(default_factory=dict)
    retiring: tuple[tuple[str, datetime], ...] = ()

    def ask(self, mode: str) -> None:
        """Recorded: the endpoint changes later."""
        endpoint = endpoint_name("dev", "churn", mode)
        self.arriving, self.updates = (endpoint, self._make("AllTraffic")), endpoint in self.serving

    def deploy(self, mode: str) -> None:
        self.ask(mode)
        self.arrive()

    def arrive(self) -> None:
        if self.arriving is None:
            return
        (endpoint, name), self.arriving = self.arriving, None
        if self.live and self.live[0] != endpoint:
            self.retiring += ((self.live[0], self.now + HOUR),)
        self.retiring = tuple(one for one in self.retiring if one[0] != endpoint)
        self.previous, self.live, self.trial = self.live, (endpoint, name), None
        self.serving[endpoint] = name

    def try_out(self) -> None:
        if self.live is None or self.arriving is not None:
            return
        champion = next(iter(self.uses[self.live[1]].models))
        name = self._make("v1", variant_of(self.version + 1), also=champion)
        self.trial = self.serving[self.live[0]] = name

    def go_back(self) -> None:
        if self.previous is None or self.live is None or self.arriving is not None:
            return
        endpoint, name = self.previous
        assert name in self.configs, "the config of the version before is gone"
        if self.live[0] != endpoint:
            self.retiring += ((self.live[0], self.now + HOUR),)
        self.retiring = tuple(one for one in self.retiring if one[0] != endpoint)
        self.live, self.previous, self.trial = self.previous, self.live, None
        self.serving[endpoint] = name

    def wait(self) -> None:
        self.now += timedelta(minutes=50)

    def clean_up(self) -> None:
        there = There(
            tuple(ServingEndpoint(name, frozenset({served})) for name, served in self.serving.items()),
            tuple(Named(name, at) for name, at in self.configs.items()),
            tuple(Named(name, at) for name, at in self.models.items()),
        )
        asked = [one for one in (self.live, self.arriving) if one]
        current = frozenset((*(name for _, name in asked), *([self.trial] if self.trial else [])))
        needs = Needs(
            model="churn",
            endpoint=self.live[0] if self.live else None,
            configs=current | frozenset({self.previous[1]} if self.previous else ()),
            current=current,
            endpoints=frozenset(endpoint for endpoint, _ in asked),
            is_changing=self.arriving is not None,
            retiring=self.retiring,
        )
        rules = CleanUp("dev", self.now, HOUR)
        uses = {name: self.uses[name] for name in rules.kept_configs(there, [needs]) if name in self.configs}
        for removal in rules.plan(there, [needs], uses):
            {"endpoint": self.serving, "endpoint-config": self.configs, "model": self.models}[removal.kind].pop(
                removal.name
            )

    def check(self) -> None:
        for served in self.serving.values():
            assert served in self.configs, "an endpoint lost its config"
            assert self.uses[served].models <= set(self.models), "an endpoint lost a model"
        if self.live:
            assert self.live[0] in self.serving, "the live endpoint is gone"
        if self.arriving and self.updates:
            assert self.arriving[0] in self.serving, "the endpoint that is to be updated is gone"
        if self.previous:
            assert self.previous[1] in self.configs, "the version before cannot be gone back to"
            assert self.uses[self.previous[1]].models <= set(self.models)

    def _make(self, *variants: str, also: str | None = None) -> str:
        self.version += 1
        name = config(self.version)
        self.configs[name] = self.models[name] = self.now
        self.uses[name] = ConfigUse(frozenset({name, *([also] if also else [])}), frozenset(variants))
        return name


MODES = ("real-time", "serverless")
steps = st.sampled_from(
    [f"{verb} {mode}" for verb in ("deploy", "ask") for mode in MODES]
    + ["arrive", "try_out", "go_back", "wait", "clean_up"]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(steps, max_size=40))
def test_whatever_is_deployed_what_serves_and_served_before_survives(sequence: list[str]) -> None:
    sim = Sim()
    for step in sequence:
        name, *arguments = step.split(" ")
        getattr(sim, name)(*arguments)
        sim.check()


def test_in_the_end_only_what_is_needed_is_left() -> None:
    sim = Sim()
    for step in _days(sim):
        step()
        sim.check()

    assert sim.previous is not None
    assert sim.live is not None
    assert set(sim.configs) == set(sim.models) == {sim.live[1], sim.previous[1]}
    assert set(sim.serving) == {sim.live[0]}


def _days(sim: Sim) -> Iterator[object]:
    for mode in ("serverless", "real-time", "real-time", "serverless", "real-time"):
        yield from (lambda mode=mode: sim.deploy(mode), sim.wait, sim.try_out, sim.clean_up)
    sim.deploy("real-time")
    yield from (sim.wait, sim.wait, sim.clean_up, sim.clean_up)


SHARED = "sluice-dev--multi-small"
SHARED_CONFIG = f"{SHARED}-0123abcd"
UNUSED = ServingEndpoint(SHARED, frozenset({SHARED_CONFIG}), changed_at=NOW - 2 * HOUR)


def test_a_shared_endpoint_without_models_goes() -> None:
    assert removed(There((LIVE, UNUSED))) == [SHARED]


@pytest.mark.parametrize(
    ("there", "needs"),
    [
        (There((replace(UNUSED, is_busy=True),)), Needs("fraud")),
        (There((replace(UNUSED, changed_at=NOW - HOUR / 2),)), Needs("fraud")),
        (There((replace(UNUSED, changed_at=None),)), Needs("fraud")),
        (There((UNUSED,), awaited=frozenset({SHARED})), Needs("fraud")),
        (There((UNUSED,)), Needs("fraud", SHARED)),
        (There((UNUSED,)), Needs("fraud", endpoints=frozenset({SHARED}))),
        (There((UNUSED,)), Needs("fraud", left=SHARED, settled_at=NOW - HOUR / 2)),
    ],
)
def test_a_shared_endpoint_stays_for_as_long_as_somebody_may_want_it(there: There, needs: Needs) -> None:
    assert removed(there, needs) == []


def test_what_a_shared_endpoint_served_goes_after_it() -> None:
    """While it is there, its old config may be the next one: the same content has the same name."""
    other = f"{SHARED}-89abcdef"
    there = There((LIVE, UNUSED), (old(other),), (old(other),))

    assert removed(there, Needs("fraud", SHARED)) == []
    assert removed(replace(there, endpoints=(LIVE,)), Needs("fraud", SHARED)) == []
    assert removed(replace(there, endpoints=(LIVE,)), Needs("fraud")) == [other, other]
    assert removed(replace(there, endpoints=(LIVE,)), Needs("fraud", configs=frozenset({other}))) == []
