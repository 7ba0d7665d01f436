"""The way from an endpoint's fleet to the next: traffic is shifted step by step, watched, and shifted back."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.guardrails import ROLLING, Policy, Stage, batches, stages
from localcloud.sagemaker.hosting.rollback_alarms import RollbackAlarms
from localcloud.sagemaker.hosting.variant_status import VariantStatus
from localcloud.sagemaker.hosting.variants import Variant

# In AWS's seconds, scaled locally: how often alarms are looked at; and never more often than this, in real ones.
_LOOK_EVERY_SECONDS: Final = 10.0
_LOOK_EVERY_AT_LEAST: Final = 0.05


class Stopping(Exception):
    """The local cloud ends: nothing is rolled back any more."""


class ExecutionTime:
    """A deployment's age in AWS's seconds: waits count unscaled, work (containers that start) as long as it takes."""

    def __init__(self, limit: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._since = clock()
        self._correction = 0.0

    def add_wait(self, seconds: float, real_seconds: float) -> None:
        self._correction += seconds - real_seconds

    def check(self) -> None:
        """DeploymentFailed after the limit."""
        if self._limit is not None and self._clock() - self._since + self._correction > self._limit:
            raise DeploymentFailed(
                f"The deployment did not complete within MaximumExecutionTimeoutInSeconds ({self._limit} s)."
            )


class Rollout:
    """One update of an endpoint in service. `closing` ends every wait with Stopping."""

    def __init__(
        self, cloud: Cloud, endpoint: Endpoint, old: Fleet, policy: Policy, closing: threading.Event, age: ExecutionTime
    ) -> None:
        self._scale = cloud.time_scale
        self._alarms = RollbackAlarms(cloud)
        self._endpoint = endpoint
        self._old = old
        self._old_counts = {variant.spec.name: variant.instance_count for variant in old.variants}
        self._policy = policy
        self._closing = closing
        self._age = age

    def first_counts(self, counts: Mapping[str, int]) -> dict[str, int]:
        """With how many instances each variant of the new fleet, `counts` in full, begins."""
        if self._policy.routing != ROLLING:
            return dict(counts)
        return {name: batches(count, self._policy.size)[0] for name, count in counts.items()}

    def run(self, new: Fleet) -> None:
        """Return when `new` has all traffic and has been watched; DeploymentFailed when the way back is to be taken."""
        self._age.check()
        if self._policy.routing == ROLLING:
            self._roll(new.variants[0], new)
            return
        counts = [variant.spec.instance_count for variant in new.variants]
        for stage in stages(self._policy, counts):
            self._shift(new, stage)
            self._bake(new, stage)

    def undo(self, new: Fleet) -> None:
        """All traffic is the old fleet's again, at its old size; DeploymentFailed when that does not come up."""
        if self._policy.routing == ROLLING:
            self._roll_back(self._old.variants[0], new)
        self._endpoint.shift(None, 0.0)

    def _shift(self, new: Fleet, stage: Stage) -> None:
        active = {variant.spec.name: _part(variant.spec.instance_count, stage.share) for variant in new.variants}
        words = {name: f"Activating traffic on {stage.kind} capacity of {n} instance(s)." for name, n in active.items()}
        self._endpoint.shift(new, stage.share)
        self._report(new, "ActivatingTraffic", words, active)

    def _bake(self, new: Fleet, stage: Stage) -> None:
        if stage.wait_seconds:
            told = f"Baking for {stage.wait_seconds} seconds ({stage.wait_name}) with traffic enabled on {stage.kind} "
            words = {
                variant.spec.name: f"{told}capacity of {_part(variant.spec.instance_count, stage.share)} instance(s)."
                for variant in new.variants
            }
            self._report(new, "Baking", words)
        self._watch(stage.wait_seconds)

    def _roll(self, variant: Variant, new: Fleet) -> None:
        total = variant.spec.instance_count
        old = self._old.variants[0]
        before = self._old_counts[old.spec.name]
        for count in batches(total, self._policy.size):
            missing = count - variant.instance_count
            if missing > 0:
                self._report(new, "Creating", {variant.spec.name: f"Launching {missing} instance(s)."})
                variant.resize(count)
                self._age.check()
            share = count / total if total else 1.0
            kind = "full" if count == total else "rolling"
            self._shift(new, Stage(share, kind, 0, ""))
            self._bake(new, Stage(share, kind, self._policy.wait_seconds, "WaitIntervalInSeconds"))
            if count < total:
                self._end_instances(old, max(1, math.ceil(before * (1 - share))))

    def _end_instances(self, old: Variant, count: int) -> None:
        surplus = old.instance_count - count
        if surplus > 0:
            status = VariantStatus("Deleting", f"Terminating {surplus} instance(s).")
            self._endpoint.report_live({old.spec.name: status})
            old.resize(count)

    def _roll_back(self, old: Variant, new: Fleet) -> None:
        total = self._old_counts[old.spec.name]
        for count in batches(total, self._policy.rollback_size):
            missing = count - old.instance_count
            if missing > 0:
                status = VariantStatus("Updating", f"Launching {missing} instance(s).")
                self._endpoint.report_live({old.spec.name: status})
                old.resize(count)
                self._endpoint.shift(new, 1 - count / total)

    def _watch(self, seconds: int) -> None:
        """Wait that long, by AWS's clock, and look at the alarms: first, again and again, and last."""
        self._look()
        begun, end = time.monotonic(), time.monotonic() + seconds * self._scale
        pause = max(_LOOK_EVERY_SECONDS * self._scale, _LOOK_EVERY_AT_LEAST)
        while (left := end - time.monotonic()) > 0:
            if self._closing.wait(min(pause, left) if self._policy.alarms else left):
                raise Stopping
            self._look()
        self._age.add_wait(seconds, time.monotonic() - begun)
        self._age.check()

    def _look(self) -> None:
        try:
            gone_off = self._alarms.gone_off(self._policy.alarms)
        except (ClientError, BotoCoreError) as error:
            if self._closing.is_set():
                raise Stopping from error
            raise DeploymentFailed(f"The alarms of AutoRollbackConfiguration could not be read: {error}") from error
        if gone_off:
            raise DeploymentFailed(
                f"The deployment was rolled back: alarm(s) {', '.join(gone_off)} of AutoRollbackConfiguration went "
                "into the ALARM state."
            )

    def _report(
        self, new: Fleet, status: str, words: Mapping[str, str], active: Mapping[str, int] | None = None
    ) -> None:
        if not new.variants[0].spec.serverless:
            self._endpoint.report_pending({name: VariantStatus(status, told) for name, told in words.items()}, active)


def _part(count: int, share: float) -> int:
    """The instances that a share of the traffic is the capacity of; 0.3 of 10 are 3, not 4."""
    return math.ceil(round(count * share, 9))
