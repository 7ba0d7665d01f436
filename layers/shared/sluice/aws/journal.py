"""Writes down what happened: an audit entry, a metric and, where a person should know, a notification."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sluice.audit import SERVICE, Action, AuditEntry
from sluice.aws.audit_log import AuditLog
from sluice.aws.notifications import Notifications


@dataclass(frozen=True)
class Journal:
    log: AuditLog
    notifications: Notifications
    now: Callable[[], datetime]
    count: Callable[[Action, str], None]

    def record(
        self,
        model: str,
        action: Action,
        why: str,
        who: str = SERVICE,
        details: Mapping[str, str] | None = None,
        once: str | None = None,
    ) -> bool:
        """Add an audit entry; False when an entry with the key `once` is there already."""
        entry = AuditEntry(model, action, self.now(), who, why, details or {})
        added = self.log.write(entry, f"{action}#{once}" if once else None)
        if added:
            self.count(action, model)
        return added

    def announce(
        self,
        model: str,
        action: Action,
        why: str,
        who: str = SERVICE,
        details: Mapping[str, str] | None = None,
        once: str | None = None,
        link: str | None = None,
    ) -> None:
        """Record and tell people; with `once`, a repeated call does neither.

        link: told at the end and written down nowhere, because it may give access.
        """
        if self.record(model, action, why, who, details, once):
            lines = [why, "", *(f"{name}: {value}" for name, value in (details or {}).items())]
            lines += ["", link] if link else []
            self.notifications.send(model, action.replace("_", " ").lower(), "\n".join(lines))
