"""How a model's requests are split now, what became of the last hour's, and where a trial stands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from cli.errors import OperationFailedError
from cli.installation import Installation
from cli.output import table
from cli.route import Route
from sluice.aws.endpoint_metrics import Activity
from sluice.naming import version_behind

HOUR = timedelta(hours=1)
_MINUTE_SECONDS = 60
_SAME_SHARE = 0.01
"""In percentage points: SageMaker keeps weights as 32-bit floats."""


@dataclass(frozen=True)
class Variant:
    """share_percent: of the requests; of a shadow, of those that it gets a copy of. instances: None of serverless."""

    name: str
    version: int | None
    role: str
    share_percent: float
    wanted_percent: float
    instances: int | None
    activity: Activity


@dataclass(frozen=True)
class TrialNow:
    """step: which share is held, counted from 1; None where the endpoint is between two."""

    kind: str
    started_at: datetime
    champion: int
    challenger: int
    step: int | None
    steps: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class TrafficNow:
    model: str
    endpoint: str
    status: str
    mode: str
    variants: Sequence[Variant]
    trial: TrialNow | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def traffic_now(installation: Installation, model: str, now: datetime | None = None) -> TrafficNow:
    route = installation.route(model)
    if route is None:
        installation.check_model(model)
        raise OperationFailedError(f"{model} has no endpoint. Approve a version first: sluice models {model}")
    described = _describe(installation, route)
    until = now or datetime.now(UTC)
    live = installation.production.get(model).live
    champion = route.version or (live.package.version if live else None)

    def variant(one: Mapping[str, Any], role: str, weights: tuple[float, float]) -> Variant:
        activity = installation.metrics.activity(
            route.endpoint_name, [one["VariantName"]], until - HOUR, until, _MINUTE_SECONDS
        )
        version = route.variants.get(one["VariantName"]) or version_behind(one["VariantName"]) or champion
        return _variant(one, role or _role(version, champion), version, weights, activity)

    plain, shadows = described["ProductionVariants"], described.get("ShadowProductionVariants", [])
    sums = _sum(plain, "CurrentWeight"), _sum(plain, "DesiredWeight")
    variants = [variant(one, "", sums) for one in plain]
    variants += [variant(one, "shadow", sums) for one in shadows]
    trial = _trial(installation, described["EndpointConfigName"], variants)
    return TrafficNow(model, route.endpoint_name, described["EndpointStatus"], route.mode, variants, trial)


def _describe(installation: Installation, route: Route) -> dict[str, Any]:
    return dict(installation.aws.client("sagemaker").describe_endpoint(EndpointName=route.endpoint_name))


def _role(version: int | None, champion: int | None) -> str:
    return "live" if version == champion else "challenger"


def _sum(variants: Sequence[Mapping[str, Any]], weight: str) -> float:
    return sum(_weight(one, weight) for one in variants)


def _weight(variant: Mapping[str, Any], name: str) -> float:
    """A variant that says none (serverless) has its share of one."""
    return float(variant.get(name, variant.get("DesiredWeight", 1.0)))


def _variant(
    one: Mapping[str, Any], role: str, version: int | None, weights: tuple[float, float], activity: Activity
) -> Variant:
    current, wanted = (
        100 * _weight(one, name) / total if total else 0.0
        for name, total in zip(("CurrentWeight", "DesiredWeight"), weights, strict=True)
    )
    return Variant(one["VariantName"], version, role, current, wanted, one.get("CurrentInstanceCount"), activity)


def _trial(installation: Installation, config: str, variants: Sequence[Variant]) -> TrialNow | None:
    """The rollout's execution is called as the trial's endpoint config."""
    machine = installation.stack.state_machine_arn.replace(":stateMachine:", ":execution:")
    rollout = machine.removesuffix("-retrain") + f"-rollout:{config}"
    try:
        execution = installation.aws.client("stepfunctions").describe_execution(executionArn=rollout)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ExecutionDoesNotExist", "StateMachineDoesNotExist"):
            return None
        raise
    if execution["status"] != "RUNNING":
        return None
    asked = json.loads(execution["input"])
    challenger = asked["challenger"]
    share = next((one.share_percent for one in variants if one.name == challenger["variant"]), None)
    return TrialNow(
        asked["kind"],
        execution["startDate"],
        asked["champion"]["version"],
        challenger["version"],
        _step(asked, share),
        asked["steps"],
    )


def _step(asked: Mapping[str, Any], share: float | None) -> int | None:
    if asked["kind"] == "shadow":
        return 1
    if share is None:
        return None
    shares = enumerate((step["share_percent"] for step in asked["steps"]), start=1)
    held = [number for number, planned in shares if abs(planned - share) < _SAME_SHARE]
    return held[-1] if held else None


_COLUMNS = ("variant", "version", "role", "share", "instances", "requests", "4xx", "5xx", "mean ms")


def lines_of(now: TrafficNow) -> list[str]:
    lines = [f"{now.model}: {now.endpoint} ({now.mode}) is {now.status}", ""]
    lines += table(_COLUMNS, [_row(variant) for variant in now.variants]).splitlines()
    whose = " of all the models on it" if now.mode == "multi-model" else ""
    lines.append(f"requests and errors{whose}: of the last hour, as CloudWatch has counted them")
    if now.trial is not None:
        lines += ["", *_trial_lines(now.trial)]
    return lines


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


def _trial_lines(trial: TrialNow) -> list[str]:
    steps = ", ".join(f"{step['share_percent']:g} % for {step['hold_seconds'] / 60:g} min" for step in trial.steps)
    step = f"step {trial.step} of {len(trial.steps)}" if trial.step else "between two steps"
    return [
        f"trial     {trial.kind}: v{trial.challenger} beside v{trial.champion}, {step}",
        f"started   {trial.started_at:%Y-%m-%d %H:%M:%S} (UTC)",
        f"steps     {steps}",
    ]
