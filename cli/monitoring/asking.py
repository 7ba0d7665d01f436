"""A check that is asked for now, and followed to its end."""

from dataclasses import dataclass

from cli.errors import OperationFailedError
from cli.installation import Installation
from cli.output import say
from cli.waiting import look_until_found
from sluice.audit import AuditEntry
from sluice.aws.checks import Check
from sluice.aws.version_definitions import VersionDefinitions
from sluice.events.check_requested import CheckRequestedDetail
from sluice.naming import new_check_id

_LOOK_EVERY_SECONDS = 0.5
_APPEARS_SECONDS = 120
"""RunMonitor looks what was captured before it writes the check down; Lambda may start it late."""
_LOOKED_THROUGH = 50
"""Checks, the newest ones."""
_SAYS_WHY_NOT = ("CHECK_FAILED", "MONITORING_STOPPED")


@dataclass(frozen=True)
class Asking:
    installation: Installation
    model: str

    def check(self, timeout: float) -> Check:
        """Ask for a check of the hours up to now and wait for its end.

        Raises OperationFailedError where it cannot be asked for, fails, or has not ended after `timeout` seconds.
        """
        self._is_watched()
        log = self.installation.audit_log
        told = log.entries(self.model)
        event_id = self._ask()
        found = look_until_found(
            lambda: self._begun(event_id, told),
            every_seconds=_LOOK_EVERY_SECONDS,
            limit_seconds=min(timeout, _APPEARS_SECONDS),
        )
        if found is None:
            raise OperationFailedError(
                f"no check of {self.model} has begun: look at the log of sluice-{self.installation.stack.stage}"
                "-run-monitor"
            )
        say(f"Check {found.check_id} of what {found.source} answered …")
        return self._ended(found, timeout)

    def _is_watched(self) -> None:
        live = self.installation.production.get(self.model).live
        if live is None:
            raise OperationFailedError(self.installation.why_not_served(self.model))
        definitions = VersionDefinitions(self.installation.objects, self.installation.registry)
        if not definitions.of(live.package.arn).monitoring.enabled:
            raise OperationFailedError(
                f"{self.model} v{live.package.version} was trained with monitoring.enabled: false. Write true in its "
                "model.yaml, upload that and then the data: the next version is watched"
            )

    def _ask(self) -> str:
        """The event's id, of which the check's follows."""
        stage, caller = self.installation.stack.stage, self.installation.aws.caller
        asked = CheckRequestedDetail(stage=stage, model=self.model, requested_by=caller, now=True)
        return self.installation.event_bus.put("Check Requested", asked.model_dump(mode="json"))

    def _begun(self, event_id: str, told: list[AuditEntry]) -> Check | None:
        """Not a schedule's check or a batch's, which may begin meanwhile.

        Raises OperationFailedError when RunMonitor said why it makes none.
        """
        checks = self.installation.checks.newest_of("captures", self.model, _LOOKED_THROUGH)
        asked = (one for one in checks if one.check_id == new_check_id(one.window_end, self.model, event_id))
        found = next(asked, None)
        if found is None:
            news = [entry for entry in self.installation.audit_log.entries(self.model) if entry not in told]
            why_not = next((entry for entry in news if entry.action in _SAYS_WHY_NOT), None)
            if why_not:
                raise OperationFailedError(why_not.why)
        return found

    def _ended(self, check: Check, timeout: float) -> Check:
        def look() -> Check | None:
            now = self.installation.checks.find(self.model, check.check_id)
            return now if now and now.status != "RUNNING" else None

        ended = look_until_found(look, every_seconds=_LOOK_EVERY_SECONDS, limit_seconds=timeout)
        if ended is None:
            raise OperationFailedError(
                f"check {check.check_id} has not ended after {timeout:g} s; it goes on: sluice monitor {self.model}"
            )
        if ended.status == "FAILED":
            raise OperationFailedError(f"check {check.check_id} failed: {ended.summary}")
        return ended
