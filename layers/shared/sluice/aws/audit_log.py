"""The audit trail in the state table: written once, never changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from sluice.audit import AuditEntry
from sluice.aws.table import Item, StateTable, model_key


@dataclass(frozen=True)
class AuditLog:
    table: StateTable

    def write(self, entry: AuditEntry, once: str | None = None) -> bool:
        """Append an entry. With `once`, a key of what happened, a second call adds nothing and answers False."""
        stamp = entry.at.isoformat(timespec="milliseconds")
        identity = once or f"{stamp}{entry.action}{entry.why}{json.dumps(dict(entry.details), sort_keys=True)}"
        digest = _digest(identity)
        item: Item = {
            "pk": model_key(entry.model),
            "sk": f"AUDIT#{stamp}#{digest}",
            "at": stamp,
            "action": entry.action,
            "who": entry.who,
            "why": entry.why,
            "details": json.dumps(dict(entry.details), sort_keys=True),
        }
        if once:
            # Together: a function that dies between the two would leave an entry that nobody ever writes.
            return self.table.put_with_new({"pk": model_key(entry.model), "sk": f"AUDITED#{digest}"}, item)
        return self.table.put(item)

    def has(self, model: str, once: str) -> bool:
        """Whether an entry with that key is there."""
        return self.table.get(model_key(model), f"AUDITED#{_digest(once)}") is not None

    def entries(self, model: str) -> list[AuditEntry]:
        """The model's history, the oldest first."""
        return [
            AuditEntry(
                model=model,
                action=item["action"],
                at=datetime.fromisoformat(item["at"]),
                who=item["who"],
                why=item["why"],
                details=json.loads(item["details"]),
            )
            for item in self.table.query(model_key(model), "AUDIT#")
        ]


def _digest(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
