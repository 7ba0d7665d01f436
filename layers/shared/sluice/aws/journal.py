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
        added = self.log.write(entry, _key(action, once) if once else None)
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
        """Tell people and record; with `once`, a call after one that came through does neither.

        Told first: a function that dies in between, or two beside each other, tell twice. That is better than never.
        A topic that refuses raises its error once: what happened is written down all the same, so that the next try
        goes on, and a run ends and frees its lease without anybody being told.
        link: told at the end and written down nowhere, because it may give access.
        """
        if once and self.log.has(model, _key(action, once)):
            return
        lines = [why, "", *(f"{name}: {value}" for name, value in (details or {}).items())]
        lines += ["", link] if link else []
        try:
            self.notifications.send(model, action.replace("_", " ").lower(), "\n".join(lines))
        finally:
            self.record(model, action, why, who, details, once)


def _key(action: Action, once: str) -> str:
    return f"{action}#{once}"
