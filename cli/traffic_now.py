"""How a model's requests are split now, what became of the last hour's, what is coming, and where a trial stands."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.errors import OperationFailedError
from cli.installation import Installation
from cli.output import table
from cli.route import Route
from cli.trial_now import TrialNow, Undecided, trial_lines, trial_now, undecided, undecided_lines
from cli.under_way import UnderWay, under_way
from sluice.aws.endpoint_metrics import Activity
from sluice.aws.production import ProductionRecord
from sluice.naming import SINGLE_VARIANT, version_behind

HOUR = timedelta(hours=1)
_MINUTE_SECONDS = 60


@dataclass(frozen=True)
class Variant:
    """share_percent: of the requests; of a shadow, of those that it gets a copy of. instances: None of serverless.

    counted_since: where `activity` begins.
    """

    name: str
    version: int | None
    role: str
    share_percent: float
    wanted_percent: float
    instances: int | None
    counted_since: datetime
    activity: Activity


@dataclass(frozen=True)
class TrafficNow:
    model: str
    endpoint: str
    status: str
    mode: str
    variants: Sequence[Variant]
    trial: TrialNow | None
    under_way: Sequence[UnderWay] = ()
    undecided: Undecided | None = None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def traffic_now(installation: Installation, model: str, now: datetime | None = None) -> TrafficNow:
    route = installation.route(model)
    if route is None:
        raise OperationFailedError(installation.why_not_served(model))
    described = _describe(installation, model, route)
    until = now or datetime.now(UTC)
    record = installation.production.get(model)
    champion = route.version or (record.live.package.version if record.live else None)

    def variant(one: Mapping[str, Any], role: str, weights: tuple[float, float]) -> Variant:
        since = _counted_since(route, record, until)
        activity = _activity(installation, route.endpoint_name, one["VariantName"], since, until)
        version = route.variants.get(one["VariantName"]) or version_behind(one["VariantName"]) or champion
        if route.mode == "serverless":
            one = {**one, "CurrentInstanceCount": None}  # SageMaker says 0, and there are none to count
        return _variant(one, role or _role(version, champion), version, weights, since, activity)

    plain, shadows = described["ProductionVariants"], described.get("ShadowProductionVariants", [])
    sums = _sum(plain, "CurrentWeight"), _sum(plain, "DesiredWeight")
    variants = [variant(one, "", sums) for one in plain]
    variants += [variant(one, "shadow", sums) for one in shadows]
    shares = {one.name: one.share_percent for one in variants}
    trial = trial_now(installation, described["EndpointConfigName"], shares)
    coming = under_way(installation, record)
    status, split = described["EndpointStatus"], undecided(installation, record) if trial is None else None
    return TrafficNow(model, route.endpoint_name, status, route.mode, variants, trial, coming, split)


def _counted_since(route: Route, record: ProductionRecord, until: datetime) -> datetime:
    """What counts begins with the last change: versions that serve alone have one variant name in common, and one that
    is tried again the name that it had before.

    The minute in which that was may have counts of both, so it is the next one.
    """
    hour_ago = until - HOUR
    if route.mode == "multi-model" or record.settled_at is None:
        return hour_ago
    settled = record.settled_at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return max(hour_ago, settled)


def _activity(installation: Installation, endpoint: str, variant: str, since: datetime, until: datetime) -> Activity:
    if since >= until:
        return Activity()
    return installation.metrics.activity(endpoint, [variant], since, until, _MINUTE_SECONDS)


def _describe(installation: Installation, model: str, route: Route) -> dict[str, Any]:
    if installation.described(route.endpoint_name) is None:
        raise OperationFailedError(installation.why_not_served(model))
    return dict(installation.aws.client("sagemaker").describe_endpoint(EndpointName=route.endpoint_name))


def _role(version: int | None, champion: int | None) -> str:
    return "live" if version == champion else "challenger"


def _sum(variants: Sequence[Mapping[str, Any]], weight: str) -> float:
    return sum(_weight(one, weight) for one in variants)


def _weight(variant: Mapping[str, Any], name: str) -> float:
    """A variant that says none (serverless) has its share of one."""
    return float(variant.get(name, variant.get("DesiredWeight", 1.0)))


def _variant(
    one: Mapping[str, Any],
    role: str,
    version: int | None,
    weights: tuple[float, float],
    since: datetime,
    activity: Activity,
) -> Variant:
    current, wanted = (
        100 * _weight(one, name) / total if total else 0.0
        for name, total in zip(("CurrentWeight", "DesiredWeight"), weights, strict=True)
    )
    instances = one.get("CurrentInstanceCount")
    return Variant(one["VariantName"], version, role, current, wanted, instances, since, activity)


_COLUMNS = ("variant", "version", "role", "share", "instances", "requests", "4xx", "5xx", "mean ms")


def lines_of(now: TrafficNow) -> list[str]:
    lines = [f"{now.model}: {now.endpoint} ({now.mode}) is {now.status}", ""]
    lines += table(_COLUMNS, [_row(variant) for variant in now.variants]).splitlines()
    lines.append(_counted(now))
    lines += [str(one) for one in now.under_way]
    if now.trial is not None:
        lines += ["", *trial_lines(now.trial)]
    if now.undecided is not None:
        lines += ["", *undecided_lines(now.model, now.undecided)]
    return lines


def _counted(now: TrafficNow) -> str:
    whose = " of all the models on it" if now.mode == "multi-model" else ""
    since = max(one.counted_since for one in now.variants)
    both = f", and those of v{now.under_way[0].version} with them" if _are_mixed(now) else ""
    return f"requests and errors{whose}{both}: since {since:%H:%M} (UTC), as CloudWatch has counted them"


def _are_mixed(now: TrafficNow) -> bool:
    """While a rollout moves traffic, the version that leaves and the one that comes are counted under one name."""
    alone = [one.name for one in now.variants] == [SINGLE_VARIANT]
    return alone and any(not one.queued and one.endpoint == now.endpoint for one in now.under_way)


def _row(one: Variant) -> tuple[object, ...]:
    moving = f" -> {one.wanted_percent:g} %" if round(one.wanted_percent - one.share_percent, 6) else ""
    mean = one.activity.mean_milliseconds
    return (
        one.name,
        f"v{one.version}" if one.version else None,
        one.role,
        f"{one.share_percent:g} %{moving}",
        one.instances,
        one.activity.requests,
        one.activity.client_errors,
        one.activity.server_errors,
        f"{mean:.1f}" if mean is not None else None,
    )
