"""Sees to it that what came to serve is watched as its definition asks: one schedule, or Model Monitor's two."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sluice.aws.journal import Journal
from sluice.aws.model_monitor import ModelMonitor, RefusedError
from sluice.aws.production import Deployment, ProductionRecord
from sluice.aws.registry import Registry
from sluice.aws.schedules import Schedules
from sluice.aws.version_definitions import VersionDefinitions
from sluice.aws.watched import Watched, WatchedModels, Watcher
from sluice.definition import Model
from sluice.errors import BadInputError
from sluice.monitoring.wishes import (
    Account,
    VersionBaseline,
    monitors,
    schedule_request,
    why_not_model_monitor,
)
from sluice.naming import MONITOR_KINDS, monitoring_job_definition_name, schedule_name


@dataclass(frozen=True)
class Watching:
    account: Account
    registry: Registry
    definitions: VersionDefinitions
    watched: WatchedModels
    schedules: Schedules
    model_monitor: ModelMonitor
    journal: Journal
    now: Callable[[], datetime]

    def watch(self, record: ProductionRecord, since: datetime | None = None) -> bool:
        """Bring the schedules into the state that the live version asks for; False where they are in it.

        Written down last, so that whoever died on the way, or was refused, leaves it to be done again. A schedule is
        made before the other engine's goes: an hour is rather looked at twice than not at all.
        since: when the version came to serve, where that is known.
        """
        live, known = record.live, self.watched.get(record.model)
        if live is None:
            return False  # CleanUp removes the schedules of models that nothing is live of
        if known is not None and known.config_name == live.config_name:
            return False
        came = self._since(live, known, since or record.settled_at or self.now())
        self._write(live, known, self._watched(record.model, live, known, came))
        return True

    def _since(self, live: Deployment, known: Watched | None, came: datetime) -> datetime:
        """A config that changes under the same version, as a trial's does, makes no other traffic of it."""
        if known and (known.version, known.endpoint_name) == (live.package.version, live.endpoint_name):
            return known.since
        return came.replace(microsecond=0)  # captures know seconds

    def _watched(self, model: str, live: Deployment, known: Watched | None, since: datetime) -> Watched:
        before: Watcher = known.engine if known else "none"
        try:
            definition = self.definitions.of(live.package.arn)
        except BadInputError as error:  # it serves all the same
            return self._not_watched(model, live, before, since, str(error))
        if not definition.monitoring.enabled:
            why = f"version {live.package.version} is not to be monitored by its definition"
            return self._not_watched(model, live, before, since, why)
        wanted = definition.monitoring.engine
        reason = self._by_model_monitor(live, definition) if wanted == "model-monitor" else ""
        if wanted == "model-monitor" and not reason:
            self.schedules.delete(schedule_name(self.account.stage, model))
            return _of(model, live, since, "model-monitor", wanted, "")
        self.schedules.put(schedule_request(self.account, model, definition.monitoring.every_hours))
        if "model-monitor" in (wanted, before):  # of a refusal, half may be there
            self.model_monitor.remove(model)
        return _of(model, live, since, "scheduled-job", wanted, reason)

    def _not_watched(self, model: str, live: Deployment, before: Watcher, since: datetime, reason: str) -> Watched:
        self.schedules.delete(schedule_name(self.account.stage, model))
        if before == "model-monitor":
            self.model_monitor.remove(model)
        return _of(model, live, since, "none", "none", reason)

    def _by_model_monitor(self, live: Deployment, definition: Model) -> str:
        """Why it is not; "" where it is now."""
        reason = why_not_model_monitor(self.account, definition)
        if reason:
            return reason
        package = self.registry.package(live.package.arn)
        if package.baseline_uri is None or package.quality_constraints_uri is None:
            return f"version {live.package.version} was registered before monitoring existed and has no baseline for it"
        threshold = package.metadata.get("threshold")
        if definition.data.task == "binary" and threshold is None:
            return f"version {live.package.version} was registered before its threshold was kept with it"
        baseline = VersionBaseline(
            package.baseline_uri,
            f"{package.baseline_uri.rpartition('/')[0]}/constraints.json",
            package.quality_constraints_uri,
            float(threshold) if threshold else None,
        )
        version = live.package.version
        try:
            for monitor in monitors(self.account, definition, version, live.endpoint_name, baseline):
                self.model_monitor.ensure(monitor)
        except RefusedError as error:
            return f"SageMaker refused Model Monitor ({error.code}): {error}"
        for kind in MONITOR_KINDS:
            current = monitoring_job_definition_name(self.account.stage, definition.name, kind, version)
            self.model_monitor.delete_old_definitions(definition.name, kind, but=current)
        return ""

    def _write(self, live: Deployment, known: Watched | None, watched: Watched) -> None:
        model, version = watched.model, watched.version
        details = {"endpoint": watched.endpoint_name, "package": live.package.arn, "engine": watched.engine}
        if watched.reason and watched.wanted == "model-monitor":
            why = f"version {version} is watched by a scheduled job instead of Model Monitor: {watched.reason}"
            once = f"{live.package.arn}#{hashlib.sha256(watched.reason.encode()).hexdigest()[:16]}"
            self.journal.announce(model, "MONITORING_FELL_BACK", why, details=details, once=once)
        if watched.engine != "none":
            why = f"version {version} is watched by {_ENGINES[watched.engine]}"
            once = f"{live.config_name}#{live.cause}#{watched.engine}"
            self.journal.record(model, "MONITORING_STARTED", why, details=details, once=once)
        elif known is not None and known.engine != "none":
            self.journal.record(model, "MONITORING_STOPPED", watched.reason, details=details)
        self.watched.put(watched)


_ENGINES: dict[Watcher, str] = {"scheduled-job": "a scheduled job", "model-monitor": "SageMaker Model Monitor"}


def _of(model: str, live: Deployment, since: datetime, engine: Watcher, wanted: Watcher, reason: str) -> Watched:
    return Watched(
        model=model,
        config_name=live.config_name,
        endpoint_name=live.endpoint_name,
        version=live.package.version,
        since=since,
        engine=engine,
        wanted=wanted,
        reason=reason,
    )
