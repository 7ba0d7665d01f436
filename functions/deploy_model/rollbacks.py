"""A version leaves production: a person, a smoke test or an alarm asked for it, and all take the same path."""

from dataclasses import dataclass, replace
from typing import Any

from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.wishes import Wishes
from sluice.audit import SERVICE
from sluice.aws.journal import Journal
from sluice.aws.production import ProductionStates
from sluice.aws.registry import Registry
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition import Asynchronous, RealTime
from sluice.errors import BadInputError
from sluice.events import AlarmStateChange, RollbackRequested
from sluice.naming import ALARM_KINDS, SINGLE_VARIANT, model_of_endpoint, package_group_name
from sluice.rollout import AskForHelp, Ignore, on_alarm, on_rollback_request

_TAKE_BACK = frozenset(f"{SINGLE_VARIANT}/{kind}" for kind in ALARM_KINDS)


@dataclass(frozen=True)
class Rollbacks:
    stage: str
    registry: Registry
    definitions: VersionDefinitions
    production: ProductionStates
    wishes: Wishes
    rollouts: Rollouts
    journal: Journal

    def on_request(self, event: RollbackRequested) -> dict[str, Any]:
        asked = event.detail
        return self._leave(asked.model, asked.version, asked.to_version, asked.reason, asked.requested_by, event.id)

    def on_alarm(self, event: AlarmStateChange) -> dict[str, Any]:
        """An alarm of the live variant takes the version back, unless its definition says otherwise."""
        endpoint, _, watched = event.detail.name.partition("/")
        model = model_of_endpoint(self.stage, endpoint)
        record = self.production.get(model) if model else None
        live = record.live if record else None
        if model is None or record is None or live is None or live.endpoint_name != endpoint:
            return _ignored(f"alarm {event.detail.name} watches nothing that is live")
        if event.detail.state.value != "ALARM" or watched not in _TAKE_BACK:
            return _ignored(f"alarm {event.detail.name} is {event.detail.state.value}, and takes nothing back")
        if record.settled_at is not None and event.time < record.settled_at:
            return _ignored(f"alarm {event.detail.name} fired before the last deployment had settled")
        settings = self.definitions.deployment_of(live.package.arn)
        wanted = isinstance(settings, RealTime | Asynchronous) and settings.alarms.roll_back
        verdict = on_alarm(live.way_back, wanted, record.packages)
        why = f"alarm {event.detail.name} fired: {event.detail.state.reason}"
        if isinstance(verdict, Ignore):
            return _ignored(f"{why}: {verdict.reason}")
        if isinstance(verdict, AskForHelp):
            return self._ask(model, f"{why}: {verdict.reason}", event.id)
        return self._leave(model, live.package.version, None, why[:1000], SERVICE, event.id)

    def _leave(
        self, model: str, version: int | None, wanted: int | None, why: str, who: str, key: str
    ) -> dict[str, Any]:
        record = self.production.get(model)
        begun = next((each for each in (record.arriving, record.live) if each and each.cause == key), None)
        if begun is not None:  # an earlier delivery was cut off half-way
            return self.rollouts.go_back(model, begun, why)
        approved = self.registry.approved(package_group_name(self.stage, model))
        leaving, action = on_rollback_request(version, wanted, "was rolled back", record.packages, approved)
        if isinstance(action, Ignore):
            return _ignored(action.reason)
        if leaving is None or isinstance(action, AskForHelp):
            self.rollouts.give_up(model)
            return self._ask(model, f"{action.reason} (asked for because: {why})", key)
        details = {"package": leaving.arn, "to": action.package.arn}
        self.journal.announce(model, "ROLLBACK_REQUESTED", f"{action.reason}: {why}", who, details, once=key)
        try:
            deployment = self.wishes.of(model, action, record, key, who)
        except BadInputError as error:
            return self._ask(model, str(error), key)
        return self.rollouts.go_back(model, replace(deployment, leaves=leaving), why)

    def _ask(self, model: str, why: str, key: str) -> dict[str, Any]:
        self.journal.announce(model, "HELP_NEEDED", why, once=key)
        return {"outcome": "help needed", "reason": why}


def _ignored(reason: str) -> dict[str, Any]:
    return {"outcome": "ignored", "reason": reason}
