"""From a request to a check's job, or to a reason why nothing is checked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.run_monitor.batches import Batches
from functions.run_monitor.preparation import Preparation, has_reference
from sluice.aws.checks import Check, Checks
from sluice.aws.endpoints import Endpoints
from sluice.aws.journal import Journal
from sluice.aws.processing_jobs import ProcessingJobs
from sluice.aws.production import Deployment, ProductionStates
from sluice.aws.registry import Package, Registry
from sluice.aws.schedules import Schedules
from sluice.aws.version_definitions import VersionDefinitions
from sluice.aws.watched import WatchedModels
from sluice.definition import Model
from sluice.errors import BadInputError
from sluice.events import CheckRequested
from sluice.monitoring.check import ENGINE, CheckNames, Subject
from sluice.monitoring.inputs import CheckInputs
from sluice.monitoring.window import Window, batch_window, hours_until, window_of
from sluice.naming import is_model_name, schedule_name

_SCHEDULED = "schedule"
"""The cause of every check but those of `now`: whoever asks for the same hours asks for the same check."""


@dataclass(frozen=True)
class Asked:
    """One request, resolved: the same for every delivery of it."""

    event: CheckRequested
    names: CheckNames
    subject: Subject
    window: Window
    definition: Model
    inputs: CheckInputs | None = None
    """Known already of a batch."""


@dataclass(frozen=True)
class RunMonitor:
    stage: str
    production: ProductionStates
    watched: WatchedModels
    definitions: VersionDefinitions
    registry: Registry
    endpoints: Endpoints
    schedules: Schedules
    checks: Checks
    preparation: Preparation
    batches: Batches
    jobs: ProcessingJobs
    journal: Journal
    now: Callable[[], datetime]

    def handle(self, event: CheckRequested) -> dict[str, Any]:
        """A request that is delivered again has the same window, hence the same names, and changes nothing."""
        detail = event.detail
        if detail.stage != self.stage or not is_model_name(detail.model):
            return _answer("ignored", f"stage {detail.stage} has no model {detail.model} here")
        if detail.batch_id is not None:
            return self._of_batch(event, detail.batch_id)
        live = self.production.get(detail.model).live
        if live is None:
            return self._stop(detail.model, "nothing is live any more")
        definition = self.definitions.of(live.package.arn)
        if not definition.monitoring.enabled:
            return self._stop(detail.model, f"version {live.package.version} is not to be monitored by its definition")
        if self.endpoints.describe(live.endpoint_name) is None:
            return self._stop(detail.model, f"endpoint {live.endpoint_name} is gone")
        return self._check(self._of_live(event, live, definition))

    def _of_live(self, event: CheckRequested, live: Deployment, definition: Model) -> Asked:
        detail = event.detail
        window = _window(event, definition.monitoring.every_hours)
        names = CheckNames.of(self.stage, detail.model, window, event.id if detail.now else _SCHEDULED)
        watched = self.watched.get(detail.model)
        is_known = watched is not None and (watched.version, watched.endpoint_name) == (
            live.package.version,
            live.endpoint_name,
        )
        came = watched.since if watched is not None and is_known else live.requested_at
        subject = Subject(live.package, "captures", live.endpoint_name, live.mode, came)
        return Asked(event, names, subject, window, definition)

    def _of_batch(self, event: CheckRequested, batch_id: str) -> dict[str, Any]:
        """What scored the batch is checked, whether it is still live or not."""
        model, window = event.detail.model, batch_window(batch_id)
        scored = self.batches.find(model, batch_id, event.detail.result_key)
        if scored is None:
            return _answer("ignored", f"there is no result of batch {batch_id} of {model}")
        definition = self.definitions.of(scored.subject.package.arn)
        if not definition.monitoring.enabled:
            return _answer("ignored", f"version {scored.subject.package.version} is not to be monitored")
        names = CheckNames.of_batch(self.stage, model, batch_id)
        return self._check(Asked(event, names, scored.subject, window, definition, scored.inputs))

    def _check(self, asked: Asked) -> dict[str, Any]:
        names = asked.names
        known = self.checks.of_window(asked.subject.source, names.model, asked.window.end, names.check_id)
        if known is not None and known.status != "RUNNING":
            return _answer("duplicate", f"check {names.check_id} has {known.status.lower()}", names)
        if known is not None:  # an earlier delivery may have died before it had its job
            return self._start(asked, self.preparation.written(names), known)
        package = self.registry.package(asked.subject.package.arn)
        if not has_reference(package):
            why = (
                "it was registered before monitoring existed and has no reference to compare with. Train the model "
                "again: upload its data once more"
            )
            return self._unusable(asked, why)
        return self._prepare(asked, package)

    def _prepare(self, asked: Asked, package: Package) -> dict[str, Any]:
        names, subject, window = asked.names, asked.subject, asked.window
        at = self.now()
        earlier = self.preparation.earlier(names, subject, window, asked.definition)
        inputs = asked.inputs or self.preparation.inputs(names, subject, window, asked.definition, at, earlier)
        check = self._begun(asked, at)
        if not inputs.worth_a_job:
            return self._nothing_captured(names, check)
        prefix = names.report(subject.endpoint_name, window.end)
        check = replace(check, job_name=names.job, report_prefix=prefix)
        request = self.preparation.write(
            names, subject, window, inputs, package, asked.definition, asked.event, earlier
        )
        self.checks.start(check)
        return self._start(asked, request, check)

    def _begun(self, asked: Asked, at: datetime) -> Check:
        return Check(
            model=asked.names.model,
            check_id=asked.names.check_id,
            source=asked.subject.endpoint_name,
            engine=ENGINE,
            started_at=at,
            window_start=asked.window.start,
            window_end=asked.window.end,
            version=asked.subject.package.version,
            package_arn=asked.subject.package.arn,
        )

    def _start(self, asked: Asked, request: dict[str, Any], check: Check) -> dict[str, Any]:
        names = asked.names
        try:
            self.jobs.start(request)
        except BadInputError as error:
            return self._refused(asked, check, str(error))
        why = f"version {check.version} is checked from {_hour(check.window_start)} to {_hour(check.window_end)}"
        return _answer("started", why, names)

    def _nothing_captured(self, names: CheckNames, check: Check) -> dict[str, Any]:
        why = (
            f"Nothing to judge: no request was captured between {_hour(check.window_start)} and "
            f"{_hour(check.window_end)} for version {check.version}."
        )
        self.checks.put(
            replace(check, status="ENDED", verdict="not-enough-data", summary=why, figures={"features": {}, "rows": 0})
        )
        return _answer("not-enough-data", why, names)

    def _refused(self, asked: Asked, check: Check, reason: str) -> dict[str, Any]:
        """Told once, until a check has run again."""
        why = f"production is not checked: {reason}. The next check looks at these hours too."
        self.checks.put(replace(check, status="FAILED", summary=why))
        earlier = self.preparation.earlier(asked.names, asked.subject, asked.window, asked.definition)
        once = f"refused#{earlier[0].check_id if earlier else 'none'}"
        details = {"check_id": check.check_id, "job": check.job_name or ""}
        self.journal.announce(check.model, "CHECK_FAILED", why, details=details, once=once)
        return _answer("failed", why, asked.names)

    def _unusable(self, asked: Asked, reason: str) -> dict[str, Any]:
        """Nothing changes of it from hour to hour: told once. Whoever asks for a check now reads it in the check."""
        package = asked.subject.package
        why = f"version {package.version} cannot be monitored: {reason}"
        once, details = f"unusable#{package.arn}", {"package": package.arn}
        self.journal.announce(asked.names.model, "CHECK_FAILED", why, details=details, once=once)
        if asked.event.detail.now:
            self.checks.put(replace(self._begun(asked, self.now()), status="FAILED", summary=why))
        return _answer("failed", why)

    def _stop(self, model: str, reason: str) -> dict[str, Any]:
        """A schedule outlived what it was made for. What comes to serve gets one again.

        Model Monitor's are CleanUp's to remove: it does so where the record names what is live, and no engine.
        """
        watched = self.watched.get(model)
        self.schedules.delete(schedule_name(self.stage, model))
        if watched is not None and watched.engine != "none":
            self.journal.record(model, "MONITORING_STOPPED", reason)
        if watched is not None:
            config = "" if watched.engine == "scheduled-job" else watched.config_name
            self.watched.put(replace(watched, config_name=config, engine="none", reason=reason))
        return _answer("stopped", reason)


def _window(event: CheckRequested, every_hours: int) -> Window:
    if event.detail.until is not None:
        return hours_until(event.detail.until, every_hours)
    return window_of(event.asked_at, every_hours, event.detail.now)


def _answer(outcome: str, reason: str, names: CheckNames | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "reason": reason, **({"check_id": names.check_id} if names else {})}


def _hour(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
