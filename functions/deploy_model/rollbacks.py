"""A version leaves production: a person, a smoke test or an alarm asked for it, and all take the same path."""

from dataclasses import dataclass, replace
from typing import Any

from functions.deploy_model.answers import ignored
from functions.deploy_model.rollouts import Rollouts
from functions.deploy_model.wishes import Wishes
from sluice.audit import SERVICE
from sluice.aws.journal import Journal
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates
from sluice.aws.registry import Registry
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition import Asynchronous, RealTime
from sluice.errors import BadInputError
from sluice.events import AlarmStateChange, RollbackRequested
from sluice.naming import ALARM_KINDS, SINGLE_VARIANT, model_of_endpoint, package_group_name, variant_of
from sluice.rollout import AskForHelp, Deploy, Forget, Ignore, on_alarm, on_rollback_request


@dataclass(frozen=True)
class _Wish:
    """version: which is to leave, None: whichever serves. to: where to, None: the last good one. who: asks for it."""

    model: str
    version: int | None
    to: int | None
    why: str
    who: str
    cause: str
    """The same for several events that want the same."""
    event: str


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
        who = asked.requested_by
        return self._leave(_Wish(asked.model, asked.version, asked.to_version, asked.reason, who, event.id, event.id))

    def on_alarm(self, event: AlarmStateChange) -> dict[str, Any]:
        """An alarm of the live variant takes the version back, unless its definition says otherwise."""
        endpoint, _, watched = event.detail.name.partition("/")
        variant, _, kind = watched.partition("/")
        model = model_of_endpoint(self.stage, endpoint)
        record = self.production.get(model) if model else ProductionRecord("")
        failing = _behind(record, endpoint, variant)
        if model is None or failing is None or kind not in ALARM_KINDS or event.detail.state.value != "ALARM":
            return ignored(f"alarm {event.detail.name} is {event.detail.state.value}, and takes nothing back")
        why = f"alarm {event.detail.name} fired: {event.detail.state.reason}"[:1000]
        # What breaks a version sets off several alarms at once: it leaves once.
        cause = f"alarm#{failing.cause}"
        if record.arriving is not None and record.arriving.cause == cause:  # another delivery was cut off half-way
            return self.rollouts.go_back(model, record.arriving, why)
        if record.settled_at is not None and event.at < record.settled_at:
            self.rollouts.reject_what_left(failing, why)
            return ignored(f"alarm {event.detail.name} fired before the last deployment had settled")
        settings = self.definitions.deployment_of(failing.package.arn)
        wanted = isinstance(settings, RealTime | Asynchronous) and settings.alarms.roll_back
        verdict = on_alarm(failing.package, failing.way_back, wanted, record.packages)
        if isinstance(verdict, Ignore):
            return ignored(f"{why}: {verdict.reason}")
        if isinstance(verdict, AskForHelp):
            return self._ask(model, f"{why}: {verdict.reason}", cause)
        return self._leave(_Wish(model, failing.package.version, None, why, SERVICE, cause, cause))

    def _leave(self, wish: _Wish) -> dict[str, Any]:
        model, who, cause = wish.model, wish.who, wish.cause
        record = self.production.get(model)
        begun = record.begun_by(cause)
        if begun is not None:  # an earlier delivery was cut off half-way
            return self.rollouts.go_back(model, begun, wish.why)
        approved = self.registry.approved(package_group_name(self.stage, model))
        leaving, action = on_rollback_request(wish.version, wish.to, "was rolled back", record.packages, approved)
        if isinstance(action, Ignore):
            return ignored(action.reason)
        if isinstance(action, Forget) and leaving is not None:
            self.rollouts.forget_queued(model)
            self.registry.set_approval(leaving.arn, "Rejected", wish.why)
            return ignored(action.reason)
        if leaving is None or not isinstance(action, Deploy):
            if isinstance(action, AskForHelp) and action.nothing_left:
                self.rollouts.give_up(model)
            return self._ask(model, f"{action.reason} (asked for because: {wish.why})", wish.event)
        details = {"package": leaving.arn, "to": action.package.arn}
        self.journal.announce(model, "ROLLBACK_REQUESTED", f"{action.reason}: {wish.why}", who, details, once=cause)
        try:
            deployment = self.wishes.of(model, action, record, cause, who)
        except BadInputError as error:
            return self._ask(model, str(error), wish.event)
        return self.rollouts.go_back(model, replace(deployment, leaves=leaving), wish.why)

    def _ask(self, model: str, why: str, key: str) -> dict[str, Any]:
        self.journal.announce(model, "HELP_NEEDED", why, once=key)
        return {"outcome": "help needed", "reason": why}


def _behind(record: ProductionRecord, endpoint: str, variant: str) -> Deployment | None:
    """The deployment that an alarm of that variant is about, where it is the live one or a trial's."""
    for deployment in (record.live, record.trial):
        if deployment is None or deployment.endpoint_name != endpoint:
            continue
        names = [variant_of(deployment.package.version)]
        if deployment == record.live and record.trial is None:
            names = [SINGLE_VARIANT]
        if variant in names:
            return deployment
    return None
