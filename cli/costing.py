"""What a model costs: its last run, and a month of serving it in each mode."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from cli.installation import Installation
from cli.route import Route
from cli.run_jobs import found_jobs
from sluice import cost
from sluice.aws.endpoint_metrics import Activity
from sluice.aws.objects import ObjectMissingError
from sluice.cost import Offer, Traffic
from sluice.definition import parse_definition
from sluice.definition.batch import Batch
from sluice.definition.deployment import Asynchronous, Deployment, Instances, Mode, MultiModel, RealTime, Serverless
from sluice.naming import SINGLE_VARIANT, ModelPrefix
from sluice.prices import price_table
from sluice.run_facts import costs

OBSERVED = timedelta(days=30)
_PERIOD_SECONDS = 3600
ASSUMED_MILLISECONDS = 50.0
ASSUMED_SHARERS = 10
ASSUMED_JOBS = 30
_WARM = 1
_OwnInstances = TypeVar("_OwnInstances", RealTime, Asynchronous, MultiModel)


@dataclass(frozen=True)
class Asked:
    """What the person gave; None is found out or assumed."""

    requests: float | None
    milliseconds: float | None
    kilobytes: float
    sharers: int | None
    jobs: int
    region: str


@dataclass(frozen=True)
class Seen:
    """What CloudWatch counted. hours: since the first request, of the last 30 days."""

    activity: Activity
    hours: float

    @property
    def requests_per_month(self) -> float:
        return self.activity.requests / self.hours * cost.HOURS_PER_MONTH if self.hours else 0.0


def cost_of(installation: Installation, model: str, asked: Asked, now: datetime | None = None) -> dict[str, Any]:
    route = installation.route(model)
    seen = _seen(installation, route, now or datetime.now(UTC))
    sharers = asked.sharers or _sharers(installation, route)
    # CloudWatch counts the requests of a shared endpoint, not of each of its models.
    of_all = sharers if route is not None and route.mode == "multi-model" else 1
    requests = asked.requests if asked.requests is not None else seen.requests_per_month / of_all
    milliseconds = asked.milliseconds or seen.activity.mean_milliseconds or ASSUMED_MILLISECONDS
    traffic = Traffic(requests, milliseconds, asked.kilobytes)
    deployment, batch = _settings(installation, model)
    instance = _with_instances(deployment, RealTime, "real-time")
    even = cost.break_even(_as_serverless(deployment, None), instance, traffic, asked.region)
    offers = offers_of(deployment, batch, traffic, asked.region, sharers, asked.jobs)
    return {
        "model": model,
        "region": asked.region,
        "prices": _prices(),
        "run": _run(installation, model, asked.region),
        "traffic": asdict(traffic) | {"source": _source(asked, seen, of_all), "observed_hours": seen.hours},
        "offers": documents_of(offers, route.mode if route else None, deployment),
        "break_even_requests": even,
        "break_even_beyond": _beyond(instance, replace(traffic, requests=even)) if even is not None else None,
    }


def offers_of(
    deployment: Deployment, batch: Batch, traffic: Traffic, region: str, sharers: int, jobs: int
) -> list[Offer]:
    """Every mode: as the definition sets it where that is its mode, else with that mode's defaults."""
    warm = deployment.provisioned_concurrency if isinstance(deployment, Serverless) else None
    return [
        cost.serverless(_as_serverless(deployment, None), traffic, region),
        cost.serverless(_as_serverless(deployment, warm or _WARM), traffic, region),
        cost.real_time(_with_instances(deployment, RealTime, "real-time"), traffic, region),
        cost.asynchronous(_with_instances(deployment, Asynchronous, "asynchronous"), traffic, region),
        cost.multi_model(_with_instances(deployment, MultiModel, "multi-model"), traffic, region, sharers),
        cost.batch(batch, traffic, region, jobs),
    ]


def documents_of(offers: list[Offer], mode: str | None, deployment: Deployment) -> list[dict[str, Any]]:
    warm = isinstance(deployment, Serverless) and deployment.provisioned_concurrency is not None
    present = next((offer for offer in offers if offer.name == mode), None)
    if mode == "serverless" and warm:
        present = offers[1]
    saved = cost.savings(present, offers)
    return [
        {
            "mode": offer.name,
            "settings": offer.settings,
            "usd_per_month": offer.usd,
            "parts": {part.what: part.usd for part in offer.parts},
            "present": offer is present,
            "saves_usd_per_month": saves,
        }
        for offer, saves in zip(offers, saved, strict=True)
    ]


def _beyond(instance: RealTime, traffic: Traffic) -> dict[str, int] | None:
    """Of a load that autoscaling's maximum does not carry by its own target: how many instances that asks for."""
    wanted, most = cost.wanted_instances(instance, traffic), cost.instances(instance, traffic)
    return {"wanted_instances": wanted, "max_instances": most} if wanted > most else None


def _as_serverless(deployment: Deployment, provisioned: int | None) -> Serverless:
    own = deployment if isinstance(deployment, Serverless) else Serverless(mode="serverless")
    return own.model_copy(update={"provisioned_concurrency": provisioned})


def _with_instances(deployment: Deployment, kind: type[_OwnInstances], mode: Mode) -> _OwnInstances:
    """Another mode would run on the same type of instance, and where it scales by requests too on as many."""
    if isinstance(deployment, kind):
        return deployment
    machine = {"instance_type": deployment.instance_type} if isinstance(deployment, Instances) else {}
    settings = kind.model_validate({"mode": mode, **machine})
    if isinstance(deployment, RealTime | MultiModel) and kind is not Asynchronous:
        same = {"initial_instances": deployment.initial_instances, "autoscaling": deployment.autoscaling}
        return settings.model_copy(update=same)
    return settings


def _settings(installation: Installation, model: str) -> tuple[Deployment, Batch]:
    try:
        definition = parse_definition(installation.objects.read(ModelPrefix(model).definition))
    except ObjectMissingError:
        return Serverless(mode="serverless"), Batch()
    return definition.deployment, definition.batch


def _seen(installation: Installation, route: Route | None, now: datetime) -> Seen:
    if route is None:
        return Seen(Activity(), 0.0)
    variants = {SINGLE_VARIANT, *route.variants}
    activity = installation.metrics.activity(
        route.endpoint_name, sorted(variants), now - OBSERVED, now, _PERIOD_SECONDS
    )
    hours = (now - activity.first_at).total_seconds() / 3600 if activity.first_at else 0.0
    return Seen(activity, max(hours, 1.0) if activity.first_at else 0.0)


def _sharers(installation: Installation, route: Route | None) -> int:
    """How many models the endpoint has in common; where it is no shared one, an assumption."""
    if route is None or route.mode != "multi-model":
        return ASSUMED_SHARERS
    routes = [installation.route(name) for name in installation.model_names()]
    return max(sum(one is not None and one.endpoint_name == route.endpoint_name for one in routes), 1)


def _source(asked: Asked, seen: Seen, of_all: int) -> dict[str, str]:
    share = f", an even share of {of_all} models'" if of_all > 1 else ""
    observed = f"observed over {seen.hours:.0f} h{share}"
    requests = "given" if asked.requests is not None else observed if seen.activity.requests else "none seen"
    known = seen.activity.mean_milliseconds is not None
    milliseconds = "given" if asked.milliseconds else observed if known else "assumed"
    return {"requests": requests, "milliseconds": milliseconds}


def _run(installation: Installation, model: str, region: str) -> dict[str, Any] | None:
    """The newest run that came to its end; None where there is none."""
    finished = (run for run in installation.runs.newest(model) if run.status == "SUCCEEDED")
    run = next(finished, None)
    if run is None:
        return None
    jobs = [found.job for found in found_jobs(installation.aws.client("sagemaker"), run)]
    return {"run_id": run.run_id, **costs(jobs, region)}


def _prices() -> Mapping[str, str]:
    table = price_table()
    return {"as_of": table.as_of, "source": table.source, "covers": table.covers, "serving": table.serving_covers}
