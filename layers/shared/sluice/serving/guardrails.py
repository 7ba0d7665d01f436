"""UpdateEndpoint's DeploymentConfig: how SageMaker moves the traffic, and what makes it move back.

Limits: API Reference, TrafficRoutingConfig, BlueGreenUpdatePolicy, RollingUpdatePolicy.
"""

from collections.abc import Sequence
from typing import Any

from sluice.definition.deployment import AllAtOnce, Canary, Linear, Rolling, Rollout


def deployment_config(rollout: Rollout, alarms: Sequence[str]) -> dict[str, Any]:
    """Of a rollout to one variant. A trial's own endpoint config is moved to all at once: its shares are weights."""
    policy = _policy(rollout)
    if alarms:
        policy["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return policy


def at_once() -> dict[str, Any]:
    """Of a way back, which no alarm keeps, since what fired them may be what is left; and where other variants come."""
    return _blue_green({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}, 0, None)


def _policy(rollout: Rollout) -> dict[str, Any]:
    if isinstance(rollout, Canary):
        return _blue_green(
            {
                "Type": "CANARY",
                "CanarySize": _capacity(rollout.share_percent),
                "WaitIntervalInSeconds": rollout.wait_minutes * 60,
            },
            rollout.bake_minutes,
            rollout.max_minutes,
        )
    if isinstance(rollout, Linear):
        return _blue_green(
            {
                "Type": "LINEAR",
                "LinearStepSize": _capacity(rollout.step_percent),
                "WaitIntervalInSeconds": rollout.wait_minutes * 60,
            },
            rollout.bake_minutes,
            rollout.max_minutes,
        )
    if isinstance(rollout, Rolling):
        return {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": _capacity(rollout.batch_percent),
                "WaitIntervalInSeconds": rollout.wait_minutes * 60,
                "MaximumExecutionTimeoutInSeconds": rollout.max_minutes * 60,
            }
        }
    bake = rollout.bake_minutes if isinstance(rollout, AllAtOnce) else 0
    return _blue_green({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}, bake, None)


def _blue_green(routing: dict[str, Any], bake_minutes: int, max_minutes: int | None) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": bake_minutes * 60,
    }
    if max_minutes is not None:
        policy["MaximumExecutionTimeoutInSeconds"] = max_minutes * 60
    return {"BlueGreenUpdatePolicy": policy}


def _capacity(percent: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": percent}
