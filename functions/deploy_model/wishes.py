"""From "this version, please" to a deployment: which endpoint, which config, and whether it is tried first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sluice.aws.endpoints import Endpoint
from sluice.aws.production import Deployment, ProductionRecord, Step, Trial
from sluice.aws.registry import Registry
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition import MultiModel, RealTime
from sluice.definition import deployment as kinds
from sluice.naming import (
    endpoint_config_name,
    endpoint_name,
    shared_config_name,
    shared_endpoint_name,
    target_model,
)
from sluice.rollout import Deploy


@dataclass(frozen=True)
class Wishes:
    stage: str
    registry: Registry
    definitions: VersionDefinitions
    now: Callable[[], datetime]

    def of(
        self,
        model: str,
        wanted: Deploy,
        record: ProductionRecord,
        cause: str,
        who: str,
        trial: Trial | None = None,
        tried_first: bool = True,
    ) -> Deployment:
        """trial: the one that was asked for; tried_first: else the definition's, where it has one.

        Raises BadInputError for a version that cannot be deployed.
        """
        package = wanted.package
        settings = self.definitions.deployment_of(package.arn)
        known = record.known(package)
        config = endpoint_config_name(self.stage, model, package.version, cause)
        if wanted.way_back and known is not None and known.mode == settings.mode:
            config = known.config_name
        deployment = Deployment(
            package=package,
            config_name=config,
            cause=cause,
            reason=wanted.reason,
            requested_by=who,
            requested_at=self.now(),
            endpoint_name=endpoint_name(self.stage, model, settings.mode),
            mode=settings.mode,
            way_back=wanted.way_back,
        )
        if isinstance(settings, MultiModel):
            return self._shared(model, deployment, settings)
        if trial is None and tried_first and not wanted.way_back:
            trial = _trial_of(settings, record)
        return replace(deployment, trial=trial)

    def as_things_stand(
        self, deployment: Deployment, record: ProductionRecord, endpoint: Endpoint | None
    ) -> Deployment:
        """A trial needs a champion that serves there now; it may have waited for another deployment."""
        trial, live = deployment.trial, record.live
        if trial is None:
            return deployment
        serves = endpoint is not None and endpoint.status == "InService"
        if live is None or not serves or live.package == deployment.package:
            return replace(deployment, trial=None)
        if live.endpoint_name != deployment.endpoint_name:
            return replace(deployment, trial=None)
        return replace(deployment, trial=replace(trial, champion=live.package))

    def _shared(self, model: str, deployment: Deployment, settings: MultiModel) -> Deployment:
        package = self.registry.package(deployment.package.arn)
        content = f"{settings.model_dump_json(exclude={'capture', 'grace_minutes'})}\0{package.image}\0" + ",".join(
            f"{name}={value}" for name, value in sorted(package.environment.items())
        )
        return replace(
            deployment,
            endpoint_name=shared_endpoint_name(self.stage, settings.group),
            config_name=shared_config_name(self.stage, settings.group, content),
            target_model=target_model(model, deployment.package.version),
        )


def _trial_of(settings: kinds.Deployment, record: ProductionRecord) -> Trial | None:
    if not isinstance(settings, RealTime) or record.live is None:
        return None
    rollout: Any = settings.rollout
    if isinstance(rollout, kinds.AbTest):
        steps = tuple(Step(each.share_percent, each.hold_minutes * 60) for each in rollout.steps)
        return Trial("ab-test", record.live.package, rollout.steps[0].share_percent, steps)
    if isinstance(rollout, kinds.Shadow):
        steps = (Step(rollout.share_percent, rollout.hold_minutes * 60),)
        return Trial("shadow", record.live.package, rollout.share_percent, steps)
    return None
