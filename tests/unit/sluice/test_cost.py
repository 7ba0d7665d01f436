"""The arithmetic of serving: equal where it says so, never less for more, never a price that is not known."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.cost import (
    HOURS_PER_MONTH,
    Offer,
    Part,
    Traffic,
    asynchronous,
    batch,
    break_even,
    multi_model,
    real_time,
    savings,
    serverless,
)
from sluice.definition.batch import Batch
from sluice.definition.deployment import Asynchronous, Autoscaling, MultiModel, RealTime, Serverless
from sluice.prices import price_per_hour, serving_prices

REGION = "us-east-1"
MEMORY = st.sampled_from([1024, 2048, 3072, 4096, 5120, 6144])
MILLISECONDS = st.floats(min_value=1, max_value=10_000)
REQUESTS = st.floats(min_value=0, max_value=1e10)

OFFERS: list[Callable[[Traffic], Offer]] = [
    lambda traffic: serverless(Serverless(mode="serverless"), traffic, REGION),
    lambda traffic: real_time(RealTime(mode="real-time"), traffic, REGION),
    lambda traffic: real_time(
        RealTime(mode="real-time", autoscaling=Autoscaling(max_instances=50, invocations_per_instance=10)),
        traffic,
        REGION,
    ),
    lambda traffic: asynchronous(Asynchronous(mode="asynchronous", initial_instances=1), traffic, REGION),
    lambda traffic: multi_model(MultiModel(mode="multi-model"), traffic, REGION, 4),
    lambda traffic: batch(Batch(), traffic, REGION, 30),
]


@st.composite
def scalings(draw: st.DrawFn) -> Autoscaling | None:
    least = draw(st.integers(1, 5))
    most = draw(st.integers(least, 40))
    target = draw(st.floats(min_value=0.1, max_value=10_000))
    scaling = Autoscaling(min_instances=least, max_instances=most, invocations_per_instance=target)
    return draw(st.sampled_from([None, scaling]))


@given(MEMORY, MILLISECONDS, scalings())
def test_at_the_break_even_both_cost_the_same_and_below_it_serverless_is_cheaper(
    memory: int, milliseconds: float, scaling: Autoscaling | None
) -> None:
    on_demand = Serverless(mode="serverless", memory_mb=memory)
    count = scaling.min_instances if scaling else 1
    instance = RealTime(mode="real-time", autoscaling=scaling, initial_instances=count)
    found = break_even(on_demand, instance, Traffic(0, milliseconds), REGION)
    assert found is not None

    def both(share: float) -> tuple[float, float]:
        traffic = Traffic(found * share, milliseconds)
        return cost(serverless(on_demand, traffic, REGION)), cost(real_time(instance, traffic, REGION))

    equal, below = both(1), both(0.9)
    assert equal[0] == pytest.approx(equal[1], rel=1e-6)
    assert below[0] < below[1]


@pytest.mark.parametrize("offer", OFFERS)
@given(REQUESTS, st.floats(min_value=1, max_value=10), MILLISECONDS)
def test_more_traffic_never_costs_less(
    offer: Callable[[Traffic], Offer], requests: float, more: float, milliseconds: float
) -> None:
    less, most = (cost(offer(Traffic(count, milliseconds))) for count in (requests, requests * more))
    assert less <= most * (1 + 1e-9)


@pytest.mark.parametrize("offer", OFFERS)
@given(REQUESTS, MILLISECONDS)
def test_nothing_costs_less_than_nothing(
    offer: Callable[[Traffic], Offer], requests: float, milliseconds: float
) -> None:
    assert cost(offer(Traffic(requests, milliseconds))) >= 0


def test_what_is_paid_only_when_used_costs_nothing_unused() -> None:
    idle = Traffic(0, 50)
    assert [cost(offer(idle)) for offer in (OFFERS[0], OFFERS[3], OFFERS[5])] == [0, 0, 0]


def test_a_month_of_one_instance_is_its_hours() -> None:
    hour = price_per_hour(REGION, "ml.m5.large")
    assert hour is not None
    assert cost(real_time(RealTime(mode="real-time"), Traffic(0, 50), REGION)) == pytest.approx(hour * HOURS_PER_MONTH)
    shared = multi_model(MultiModel(mode="multi-model"), Traffic(0, 50), REGION, 5)
    assert cost(shared) == pytest.approx(hour * HOURS_PER_MONTH / 5)


def test_serverless_is_paid_by_memory_and_time() -> None:
    """A million requests of 100 ms in 2 GB are 200,000 GB-seconds."""
    prices = serving_prices(REGION)
    assert prices.serverless_gb_second is not None
    found = serverless(Serverless(mode="serverless", memory_mb=2048), Traffic(1e6, 100, 0), REGION)
    assert cost(found) == pytest.approx(200_000 * prices.serverless_gb_second)


def test_an_asynchronous_endpoint_that_never_rests_costs_its_instance() -> None:
    """A request every second keeps one instance up; none are left out by the cooldown."""
    busy = asynchronous(Asynchronous(mode="asynchronous"), Traffic(HOURS_PER_MONTH * 3600, 10, 0), REGION)
    hour = price_per_hour(REGION, "ml.m5.large")
    assert hour is not None
    assert busy.parts[0].usd == pytest.approx(hour * HOURS_PER_MONTH)


@pytest.mark.parametrize(
    "offer",
    [
        serverless(Serverless(mode="serverless"), Traffic(10, 10), "mars-north-1"),
        serverless(Serverless(mode="serverless", provisioned_concurrency=1), Traffic(10, 10), REGION),
        real_time(RealTime(mode="real-time", instance_type="ml.x9.large"), Traffic(10, 10), REGION),
        asynchronous(Asynchronous(mode="asynchronous"), Traffic(10, 10), "mars-north-1"),
        batch(Batch(), Traffic(10, 10), "mars-north-1", 30),
    ],
)
def test_what_has_no_price_has_no_sum(offer: Offer) -> None:
    assert offer.usd is None


def test_without_a_price_there_is_no_break_even() -> None:
    given_prices = (Serverless(mode="serverless"), RealTime(mode="real-time"), Traffic(1, 10))
    assert break_even(*given_prices, "mars-north-1") is None
    unknown = RealTime(mode="real-time", instance_type="ml.x9.large")
    assert break_even(given_prices[0], unknown, given_prices[2], REGION) is None


def test_what_is_saved_is_counted_from_what_serves_now() -> None:
    now, dear, unknown = (Offer("x", "", (Part("all", usd),)) for usd in (10.0, 25.0, None))
    assert savings(now, [now, dear, unknown]) == [0, -15, None]
    assert savings(None, [now]) == [None]


def cost(offer: Offer) -> float:
    assert offer.usd is not None
    return offer.usd
