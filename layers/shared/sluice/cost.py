"""What a month of serving costs in each mode, and where one becomes cheaper than another. Pure.

All of it takes the traffic as spread evenly over the month: peaks cost more instances, and bundles of requests keep an
asynchronous endpoint up for less time. What the table of prices does not know makes a cost None, never a small number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, exp

from sluice.definition.batch import Batch
from sluice.definition.deployment import Asynchronous, MultiModel, RealTime, Serverless
from sluice.prices import ServingPrices, price_per_hour, serving_prices

HOURS_PER_MONTH = 730
_SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
_KB_PER_GB = 1024.0**2
JOB_START_SECONDS = 240
"""Of a transform job's instance before it scores: minutes, as for every job of SageMaker's. An assumption."""


@dataclass(frozen=True)
class Traffic:
    """requests: a month. milliseconds: of the model for one. kilobytes: into and out of the endpoint for one."""

    requests: float
    milliseconds: float
    kilobytes: float = 2.0

    @property
    def busy_seconds(self) -> float:
        """Of one worker that did them all, a month."""
        return self.requests * self.milliseconds / 1000

    @property
    def gigabytes(self) -> float:
        return self.requests * self.kilobytes / _KB_PER_GB


@dataclass(frozen=True)
class Part:
    what: str
    usd: float | None


@dataclass(frozen=True)
class Offer:
    """One way to serve. name: the deployment mode, or `batch`. settings: what it would run on, for people."""

    name: str
    settings: str
    parts: tuple[Part, ...]

    @property
    def usd(self) -> float | None:
        """A month's; None where a part has no price."""
        known = [part.usd for part in self.parts if part.usd is not None]
        return sum(known) if len(known) == len(self.parts) else None


def serverless(settings: Serverless, traffic: Traffic, region: str) -> Offer:
    """On demand; with `provisioned_concurrency` in the settings, all requests within what is kept warm."""
    prices, gigabytes = serving_prices(region), settings.memory_mb / 1024
    warm = settings.provisioned_concurrency
    data = Part("data", _times(prices.data_gb, traffic.gigabytes))
    if warm is None:
        compute = Part("compute", _times(prices.serverless_gb_second, gigabytes * traffic.busy_seconds))
        return Offer("serverless", f"{settings.memory_mb} MB", (compute, data))
    kept = Part("kept warm", _times(prices.provisioned_gb_second, gigabytes * warm * _SECONDS_PER_MONTH))
    used = Part("compute", _times(prices.provisioned_used_gb_second, gigabytes * traffic.busy_seconds))
    return Offer("serverless", f"{settings.memory_mb} MB, {warm} kept warm", (kept, used, data))


def real_time(settings: RealTime | MultiModel, traffic: Traffic, region: str) -> Offer:
    count = instances(settings, traffic)
    parts = (_hours(region, settings.instance_type, count), _data(serving_prices(region), traffic))
    return Offer("real-time", _on(settings, traffic, count), parts)


def instances(settings: RealTime | MultiModel, traffic: Traffic) -> int:
    """How many autoscaling keeps at even traffic."""
    wanted, scaling = wanted_instances(settings, traffic), settings.autoscaling
    return min(wanted, scaling.max_instances) if scaling else wanted


def wanted_instances(settings: RealTime | MultiModel, traffic: Traffic) -> int:
    """How many autoscaling's target asks for at even traffic, were there no maximum."""
    scaling = settings.autoscaling
    if scaling is None:
        return settings.initial_instances
    per_minute = traffic.requests / (HOURS_PER_MONTH * 60)
    return max(ceil(per_minute / scaling.invocations_per_instance), scaling.min_instances)


def _on(settings: RealTime | MultiModel, traffic: Traffic, count: int) -> str:
    wanted = wanted_instances(settings, traffic)
    capped = f" (the maximum; its target asks for {wanted:,})" if wanted > count else ""
    return f"{count} x {settings.instance_type}{capped}"


def asynchronous(settings: Asynchronous, traffic: Traffic, region: str) -> Offer:
    """Requests at random moments: an endpoint without requests is up while one came within the last cooldown."""
    prices, scaling = serving_prices(region), settings.autoscaling
    if scaling is None:
        up = float(settings.initial_instances)
    else:
        window = traffic.milliseconds / 1000 + scaling.scale_in_cooldown_seconds
        some = 1 - exp(-traffic.requests / _SECONDS_PER_MONTH * window)
        busy = traffic.busy_seconds / _SECONDS_PER_MONTH / settings.max_concurrent_per_instance
        up = min(max(some, busy, scaling.min_instances), scaling.max_instances)
    # The caller puts the request and reads the answer, the endpoint reads the request and puts the answer.
    puts, gets = (_times(price, 2 * traffic.requests / 1000) for price in (prices.s3_put_1000, prices.s3_get_1000))
    return Offer(
        "asynchronous",
        f"{up:.2g} x {settings.instance_type} on average",
        (_hours(region, settings.instance_type, up), Part("S3 writes", puts), Part("S3 reads", gets)),
    )


def multi_model(settings: MultiModel, traffic: Traffic, region: str, models: int) -> Offer:
    """This model's share of an endpoint that `models` models have in common."""
    count = instances(settings, traffic)
    parts = (_hours(region, settings.instance_type, count / models), _data(serving_prices(region), traffic))
    return Offer("multi-model", f"{_on(settings, traffic, count)}, shared by {models} models", parts)


def batch(settings: Batch, traffic: Traffic, region: str, jobs: int) -> Offer:
    """The same requests as lines of files, in that many transform jobs a month, each request scored by itself."""
    started = min(jobs, traffic.requests) * JOB_START_SECONDS * settings.instance_count
    seconds = started + traffic.busy_seconds / settings.max_concurrent
    name = f"{settings.instance_count} x {settings.instance_type}, {jobs} jobs"
    return Offer("batch", name, (_hours(region, settings.instance_type, seconds / _SECONDS_PER_MONTH),))


def break_even(on_demand: Serverless, instance: RealTime, traffic: Traffic, region: str) -> float | None:
    """Requests a month at which on-demand serverless and real-time cost the same: above it instances are cheaper.

    None where a price is missing. Data costs the same in both, so it does not count. Where autoscaling adds instances
    on the way, it is the first such point.
    """
    hour, second = price_per_hour(region, instance.instance_type), serving_prices(region).serverless_gb_second
    if hour is None or second is None or traffic.milliseconds <= 0:
        return None
    per_request = second * on_demand.memory_mb / 1024 * traffic.milliseconds / 1000
    equal = ((count, count * hour * HOURS_PER_MONTH / per_request) for count in _instance_counts(instance))
    # There is always one: no more than the last count are ever kept.
    return next(
        requests for count, requests in equal if instances(instance, Traffic(requests, traffic.milliseconds)) <= count
    )


def savings(present: Offer | None, offers: Sequence[Offer]) -> list[float | None]:
    """USD a month that each would save against the present one; negative where it costs more."""
    now = present.usd if present else None
    return [None if now is None or offer.usd is None else now - offer.usd for offer in offers]


def _instance_counts(settings: RealTime) -> Iterator[int]:
    scaling = settings.autoscaling
    least, most = (scaling.min_instances, scaling.max_instances) if scaling else (settings.initial_instances,) * 2
    yield from range(least, most + 1)


def _hours(region: str, instance_type: str, count: float) -> Part:
    return Part("instances", _times(price_per_hour(region, instance_type), count * HOURS_PER_MONTH))


def _data(prices: ServingPrices, traffic: Traffic) -> Part:
    return Part("data", _times(prices.data_gb, traffic.gigabytes))


def _times(price: float | None, amount: float) -> float | None:
    return None if price is None else price * amount
