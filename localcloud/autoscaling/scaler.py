"""What happens when an alarm asks a policy to act: the decision, the change, and the record of both."""

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.alarms.engine import Fired
from localcloud.autoscaling import rules
from localcloud.autoscaling.targets import DIMENSION, NAMESPACE, Change, Policy, Target, Variants
from localcloud.errors import ApiError

_log = logging.getLogger(__name__)

_DIRECTIONS: Final = {True: "DynamicScalingOutSuspended", False: "DynamicScalingInSuspended"}


class Scaler:
    """Acts on targets whose lock its owner holds. `in_alarm` says whether the alarm of that name is in ALARM."""

    def __init__(
        self, variants: Variants, time_scale: float, in_alarm: Callable[[str], bool], clock: Callable[[], float]
    ) -> None:
        self._variants = variants
        self._scale = time_scale
        self._in_alarm = in_alarm
        self._clock = clock

    def exists(self, target: Target) -> bool:
        return self._variants.instance_count(*target.variant) is not None

    def act(self, target: Target, policy: Policy, fired: Fired) -> None:
        current = self._variants.instance_count(*target.variant)
        if current is None or target.change is not None:
            return
        wanted = self._wanted(target, policy, fired, current)
        if wanted is None or wanted == current or target.suspended[_DIRECTIONS[wanted > current]]:
            return
        count = rules.allowed(current, wanted, (target.minimum, target.maximum), target.cooling, self._clock())
        if count is not None:
            self._change(target, policy, fired, current, count)

    def conclude(self, target: Target) -> None:
        """Look whether the change under way has been made; its cooldown begins then."""
        change = target.change
        endpoint, variant = target.variant
        if change is None or self._variants.is_changing(endpoint):
            return
        count = self._variants.instance_count(endpoint, variant)
        if count != change.wanted:
            self._end(target, "Failed", f"There are {count} instances after the change, not {change.wanted}.")
            return
        until = self._clock() + change.cooldown
        target.cooling = rules.after_change(target.cooling, change.before, change.wanted, until)
        told = f"Successfully set desired instance count to {count}. Change successfully fulfilled by sagemaker."
        self._end(target, "Successful", told)

    def _wanted(self, target: Target, policy: Policy, fired: Fired, current: int) -> int | None:
        start = rules.starting_capacity(target.cooling, current, self._clock())
        if not policy.tracks:
            return _stepped(policy.configuration, fired, current, start)
        if not fired.values:
            return None
        goal = float(policy.configuration["TargetValue"])
        if fired.alarm == policy.high_alarm:
            return max(rules.tracking_capacity(start, fired.values[-1], goal), current)
        if fired.alarm != policy.low_alarm or not self._all_low(target):
            return None
        # The busiest of those minutes says how many can go.
        return min(rules.tracking_capacity(current, max(fired.values), goal), current)

    def _all_low(self, target: Target) -> bool:
        """With several tracking policies capacity goes only when each that may scale in agrees."""
        lows = [policy.low_alarm for policy in target.policies.values() if policy.low_alarm]
        return all(self._in_alarm(name) for name in lows)

    def _change(self, target: Target, policy: Policy, fired: Fired, current: int, count: int) -> None:
        activity: dict[str, Any] = {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": NAMESPACE,
            "ResourceId": target.resource_id,
            "ScalableDimension": DIMENSION,
            "Description": f"Setting desired instance count to {count}.",
            "Cause": f"monitor alarm {fired.alarm} in state ALARM triggered policy {policy.name}",
            "StartTime": datetime.now(UTC),
            "StatusCode": "InProgress",
            "StatusMessage": f"Successfully set desired instance count to {count}. Waiting for change to be fulfilled "
            "by sagemaker.",
        }
        target.activities.appendleft(activity)
        target.change = Change(current, count, _cooldown(policy, out=count > current) * self._scale, activity)
        try:
            self._variants.set_instance_count(*target.variant, count)
        except ApiError as error:
            self._end(target, "Failed", f"Failed to set desired instance count to {count}. Reason: {error.message}")
            return
        _log.info("%s: %d → %d instances, by %s", target.resource_id, current, count, fired.alarm)

    def _end(self, target: Target, status: str, message: str) -> None:
        if target.change is not None:
            target.change.activity.update(StatusCode=status, StatusMessage=message, EndTime=datetime.now(UTC))
        target.change = None


def _stepped(configuration: Mapping[str, Any], fired: Fired, current: int, start: int) -> int | None:
    """A scale-out adds to the capacity it started from, for as long as the last one's cooldown lasts."""

    def capacity(base: int) -> int | None:
        return rules.step_capacity(configuration, base, fired.values, fired.threshold, above=fired.above)

    wanted, from_start = capacity(current), capacity(start)
    if wanted is None or from_start is None or wanted <= current:
        return wanted
    return max(from_start, current)


def _cooldown(policy: Policy, *, out: bool) -> float:
    """In AWS's seconds."""
    configuration: Mapping[str, Any] = policy.configuration
    member = ("ScaleOutCooldown" if out else "ScaleInCooldown") if policy.tracks else "Cooldown"
    return float(configuration.get(member, rules.DEFAULT_COOLDOWN))
