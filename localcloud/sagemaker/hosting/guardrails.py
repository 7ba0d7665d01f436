"""Deployment guardrails: what a DeploymentConfig asks for, and what SageMaker refuses of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localcloud.sagemaker.hosting.refusals import invalid
from localcloud.sagemaker.hosting.variants import VariantSpec

ROLLING: Final = "ROLLING"
ALL_AT_ONCE: Final = "ALL_AT_ONCE"

_ROUTING: Final = "DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration"
_ROLLING: Final = "DeploymentConfig.RollingUpdatePolicy"
# Which member sizes a way of routing, and its bounds in percent of each variant's instances.
_SIZES: Final = {"CANARY": ("CanarySize", 1, 50), "LINEAR": ("LinearStepSize", 10, 50)}
_ROLLING_BOUNDS: Final = (5, 50)


@dataclass(frozen=True)
class Capacity:
    """A CapacitySize: so many instances, or so many percent of them."""

    kind: str
    value: int

    def instances(self, total: int) -> int:
        """At least one and at most `total`; a part of an instance counts as one."""
        count = self.value if self.kind == "INSTANCE_COUNT" else math.ceil(total * self.value / 100)
        return max(1, min(count, total))

    def percent(self, total: int) -> float:
        return self.value * 100 / total if self.kind == "INSTANCE_COUNT" else float(self.value)

    def share(self, counts: Sequence[int]) -> float:
        """The part of the traffic that this capacity takes, of variants with so many instances each."""
        if self.kind == "CAPACITY_PERCENT":
            return min(1.0, self.value / 100)
        total = sum(counts)
        return sum(min(self.value, count) for count in counts) / total if total else 1.0


@dataclass(frozen=True)
class Policy:
    """A DeploymentConfig; times in AWS's seconds."""

    routing: str = ALL_AT_ONCE
    size: Capacity | None = None
    rollback_size: Capacity | None = None
    wait_seconds: int = 0
    termination_wait_seconds: int = 0
    timeout_seconds: int | None = None
    alarms: tuple[str, ...] = ()

    @property
    def guarded(self) -> bool:
        """Whether anything more is asked for than a switch."""
        return self.routing != ALL_AT_ONCE or self.termination_wait_seconds > 0 or bool(self.alarms)


@dataclass(frozen=True)
class Stage:
    """One step of a blue/green shift: how much of the traffic the new fleet gets, and how long that is watched."""

    share: float
    kind: str
    """canary, linear or full."""
    wait_seconds: int
    wait_name: str


def read_policy(config: Mapping[str, Any]) -> Policy:
    """The request's DeploymentConfig; ValidationException for what contradicts itself."""
    alarms = tuple(alarm["AlarmName"] for alarm in _alarms(config))
    if "RollingUpdatePolicy" in config:
        if "BlueGreenUpdatePolicy" in config:
            raise invalid("DeploymentConfig has both BlueGreenUpdatePolicy and RollingUpdatePolicy; give one of them")
        return _rolling(config["RollingUpdatePolicy"], alarms)
    return _blue_green(config.get("BlueGreenUpdatePolicy", {}), alarms)


def check_policy(policy: Policy, old: Sequence[VariantSpec], new: Sequence[VariantSpec]) -> None:
    """ValidationException where SageMaker does not deploy these variants in this way."""
    if not policy.guarded:
        return
    if any(spec.serverless for spec in [*old, *new]):
        raise invalid(
            "DeploymentConfig: deployment guardrails are not supported for serverless endpoints; leave it out, or use "
            "ALL_AT_ONCE without TerminationWaitInSeconds and alarms"
        )
    if {spec.name for spec in old} != {spec.name for spec in new}:
        names = ", ".join(sorted(spec.name for spec in old))
        raise invalid(f"DeploymentConfig: the new endpoint config must have the endpoint's variant names: {names}")
    if policy.routing == ROLLING and len(new) > 1:
        raise invalid(f"{_ROLLING}: rolling deployments are not supported for endpoints with several variants")
    _check_sizes(policy, new)
    _check_timeout(policy, [spec.instance_count for spec in new])


def stages(policy: Policy, counts: Sequence[int]) -> list[Stage]:
    """The steps of a blue/green deployment of variants with so many instances; the last has all of the traffic."""
    last = Stage(1.0, "full", policy.termination_wait_seconds, "TerminationWaitInSeconds")
    if policy.size is None:
        return [last]
    size = policy.size.share(counts)
    # Three times 0.1 is a little more than 0.3: what is left after the last whole step is no step of its own.
    steps = 1 if policy.routing == "CANARY" else math.ceil(round(1 / size, 9)) - 1
    kind = policy.routing.lower()
    return [Stage(size * n, kind, policy.wait_seconds, "WaitIntervalInSeconds") for n in range(1, steps + 1)] + [last]


def batches(total: int, size: Capacity | None) -> list[int]:
    """How many of `total` instances are replaced after each rolling step; without a size all at once."""
    step = size.instances(total) if size else max(1, total)
    return [*range(step, total, step), total]


def _alarms(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    alarms: list[Mapping[str, Any]] = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    for index, alarm in enumerate(alarms):
        if "AlarmName" not in alarm:
            raise invalid(f"DeploymentConfig.AutoRollbackConfiguration.Alarms[{index}].AlarmName is required")
    return alarms


def _rolling(policy: Mapping[str, Any], alarms: tuple[str, ...]) -> Policy:
    rollback = policy.get("RollbackMaximumBatchSize")
    return Policy(
        routing=ROLLING,
        size=_capacity(policy["MaximumBatchSize"]),
        rollback_size=_capacity(rollback) if rollback else None,
        wait_seconds=policy["WaitIntervalInSeconds"],
        timeout_seconds=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=alarms,
    )


def _blue_green(policy: Mapping[str, Any], alarms: tuple[str, ...]) -> Policy:
    routing = policy.get("TrafficRoutingConfiguration", {"Type": ALL_AT_ONCE})
    return Policy(
        routing=routing["Type"],
        size=_routing_size(routing),
        wait_seconds=routing.get("WaitIntervalInSeconds", 0),
        termination_wait_seconds=policy.get("TerminationWaitInSeconds", 0),
        timeout_seconds=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=alarms,
    )


def _routing_size(routing: Mapping[str, Any]) -> Capacity | None:
    kind = routing["Type"]
    for other, (name, _, _) in _SIZES.items():
        if other == kind and name not in routing:
            raise invalid(f"{_ROUTING}.{name} is required for Type {kind}")
        if other != kind and name in routing:
            raise invalid(f"{_ROUTING}.{name} cannot be given with Type {kind}")
    return _capacity(routing[_SIZES[kind][0]]) if kind in _SIZES else None


def _capacity(size: Mapping[str, Any]) -> Capacity:
    return Capacity(size["Type"], size["Value"])


def _check_sizes(policy: Policy, new: Sequence[VariantSpec]) -> None:
    for spec in new:
        if policy.routing == ROLLING and policy.size:
            _check_size(policy.size, spec, f"{_ROLLING}.MaximumBatchSize", *_ROLLING_BOUNDS)
            if policy.rollback_size:
                _check_size(policy.rollback_size, spec, f"{_ROLLING}.RollbackMaximumBatchSize", 1, 100)
        elif policy.size:
            name, low, high = _SIZES[policy.routing]
            _check_size(policy.size, spec, f"{_ROUTING}.{name}", low, high)


def _check_size(size: Capacity, spec: VariantSpec, place: str, low: int, high: int) -> None:
    total = spec.instance_count
    if low <= size.percent(max(1, total)) <= high:
        return
    given = f"{size.value} {'instance(s)' if size.kind == 'INSTANCE_COUNT' else '%'}"
    bounds = f"at most {high} %" if low == 1 else f"{low} to {high} %"
    raise invalid(f"{place} is {given}; it must be {bounds} of the {total} instance(s) of variant {spec.name}")


def _check_timeout(policy: Policy, counts: Sequence[int]) -> None:
    if policy.timeout_seconds is None:
        return
    if policy.routing == ROLLING:
        waits = policy.wait_seconds * len(batches(counts[0], policy.size))
    else:
        waits = sum(stage.wait_seconds for stage in stages(policy, counts))
    if policy.timeout_seconds <= waits:
        raise invalid(
            f"DeploymentConfig: MaximumExecutionTimeoutInSeconds is {policy.timeout_seconds}; it must be larger than "
            f"the deployment's waits, which are {waits} s together"
        )
