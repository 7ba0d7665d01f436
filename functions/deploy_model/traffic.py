"""Shares of the traffic: a person sets them, or a trial ended with a decision."""

from dataclasses import dataclass, replace
from typing import Any

from functions.deploy_model.answers import ignored
from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.wishes import Wishes
from sluice.audit import SERVICE
from sluice.aws.journal import Journal
from sluice.aws.production import ProductionRecord, ProductionStates, Step, Trial
from sluice.aws.registry import Registry
from sluice.errors import BadInputError
from sluice.events import TrafficRequested, TrialConcluded
from sluice.events.traffic_requested import TrafficRequestedDetail
from sluice.naming import package_group_name
from sluice.rollout import Deploy, Ignore, PackageRef, on_trial_end


@dataclass(frozen=True)
class Traffic:
    stage: str
    registry: Registry
    production: ProductionStates
    wishes: Wishes
    rollouts: Rollouts
    journal: Journal

    def on_request(self, event: TrafficRequested) -> dict[str, Any]:
        asked, key = event.detail, event.id
        record = self.production.get(asked.model)
        if record.arriving is not None and record.arriving.cause == key:
            return self.rollouts.start(asked.model, record.arriving)  # an earlier delivery was cut off half-way
        if record.has_come(key):
            return ignored("that has been done")
        try:
            wanted, trial = self._split(asked, record)
            deployment = self.wishes.of(asked.model, wanted, record, key, asked.requested_by, trial, tried_first=False)
        except BadInputError as error:
            self.journal.announce(asked.model, "DEPLOYMENT_FAILED", str(error), asked.requested_by, once=key)
            return {"outcome": "refused", "reason": str(error)}
        details = {f"v{version}": f"{share:g} %" for version, share in asked.weights.items()}
        why = f"{asked.reason}: {wanted.reason}"
        self.journal.record(asked.model, "TRAFFIC_CHANGED", why, asked.requested_by, details, once=key)
        return self.rollouts.start(asked.model, deployment)

    def on_conclusion(self, event: TrialConcluded) -> dict[str, Any]:
        ended, key = event.detail, event.id
        record = self.production.get(ended.model)
        begun = record.begun_by(key)
        if begun is not None:  # an earlier delivery was cut off half-way
            return self.rollouts.go_back(ended.model, begun, f"it lost its trial: {ended.reason}")
        if record.trial is None or record.trial.config_name != ended.config_name:
            return ignored(f"the trial on {ended.config_name} is not under way any more")
        challenger = record.trial.package
        details = {"package": challenger.arn, "decision": ended.decision, "report": ended.report_uri or ""}
        self.journal.announce(ended.model, "TRIAL_CONCLUDED", ended.reason, SERVICE, details, once=key)
        action = on_trial_end(ended.decision, ended.reason, record.packages)
        if isinstance(action, Ignore):
            return ignored(action.reason)
        deployment = self.wishes.of(ended.model, action, record, key, SERVICE, tried_first=False)
        if ended.decision == "roll-back":
            deployment = replace(deployment, leaves=challenger)
        return self.rollouts.go_back(ended.model, deployment, f"it lost its trial: {ended.reason}")

    def _split(self, asked: TrafficRequestedDetail, record: ProductionRecord) -> tuple[Deploy, Trial | None]:
        """Raises BadInputError for shares that cannot be."""
        approved = {each.version: each for each in self.registry.approved(package_group_name(self.stage, asked.model))}
        unknown = [version for version in asked.weights if version not in approved]
        if unknown:
            raise BadInputError(f"version {unknown[0]} of {asked.model} is not approved: approve it first")
        if abs(sum(asked.weights.values()) - 100) > 1e-6 or min(asked.weights.values()) <= 0:
            raise BadInputError("the shares of the traffic must be above 0 and add up to 100")
        told = ", ".join(f"v{version} {share:g} %" for version, share in asked.weights.items())
        if len(asked.weights) == 1:
            (version,) = asked.weights
            return Deploy(approved[version], f"all traffic goes to version {version}"), None
        return self._trial(asked, record, approved, told)

    def _trial(
        self,
        asked: TrafficRequestedDetail,
        record: ProductionRecord,
        approved: dict[int, PackageRef],
        told: str,
    ) -> tuple[Deploy, Trial]:
        live = record.live
        if live is None or live.mode != "real-time" or live.package.version not in asked.weights:
            raise BadInputError(
                "traffic can be split between the live version and another one, on a real-time endpoint: "
                f"{asked.model} has {f'version {live.package.version} live, {live.mode}' if live else 'nothing live'}"
            )
        (challenger,) = (version for version in asked.weights if version != live.package.version)
        steps = tuple(Step(each.share_percent, each.hold_minutes * 60) for each in asked.steps)
        trial = Trial("ab-test", live.package, asked.weights[challenger], steps)
        return Deploy(approved[challenger], f"the traffic is split: {told}"), trial
