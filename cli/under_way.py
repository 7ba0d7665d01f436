"""What is on its way into production, and how the traffic moves to it."""

from dataclasses import dataclass

from cli.installation import Installation
from sluice.aws.production import Deployment, ProductionRecord
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition import deployment as kinds
from sluice.errors import BadInputError

_AT_ONCE = "all at once"


@dataclass(frozen=True)
class UnderWay:
    """how: None where the version's definition is gone, and of one that is queued. endpoint: where it is to serve."""

    version: int
    queued: bool
    endpoint: str
    how: str | None

    def __str__(self) -> str:
        if self.queued:
            return f"v{self.version} waits until that has ended"
        return f"v{self.version} is on its way{f': {self.how}' if self.how else ''}"


def under_way(installation: Installation, record: ProductionRecord) -> list[UnderWay]:
    """What arrives, then what waits for it."""
    found = []
    if record.arriving:
        arriving = record.arriving
        how = _how(installation, record, arriving)
        found.append(UnderWay(arriving.package.version, False, arriving.endpoint_name, how))
    if record.queued:
        queued = record.queued
        found.append(UnderWay(queued.package.version, True, queued.endpoint_name, None))
    return found


def _how(installation: Installation, record: ProductionRecord, arriving: Deployment) -> str | None:
    """As DeployModel decides it: a rollout moves traffic only from one version on the same endpoint."""
    if arriving.trial:
        return f"{arriving.trial.kind} beside v{arriving.trial.champion.version}"
    if arriving.way_back:
        return f"{_AT_ONCE}, as every way back"
    if record.live is None or record.live.endpoint_name != arriving.endpoint_name:
        return f"{_AT_ONCE}, on {arriving.endpoint_name}"
    if record.trial is not None:
        return _AT_ONCE
    definitions = VersionDefinitions(installation.objects, installation.registry)
    try:
        return rollout_in_words(definitions.deployment_of(arriving.package.arn))
    except BadInputError:
        return None


def rollout_in_words(deployment: kinds.Deployment) -> str:
    rollout = getattr(deployment, "rollout", None)
    if isinstance(rollout, kinds.Canary):
        return f"canary, {rollout.share_percent} % first for {rollout.wait_minutes} min"
    if isinstance(rollout, kinds.Linear):
        return f"linear, {rollout.step_percent} % more every {rollout.wait_minutes} min"
    if isinstance(rollout, kinds.Rolling):
        return f"rolling, {rollout.batch_percent} % of the instances every {rollout.wait_minutes} min"
    return _AT_ONCE
