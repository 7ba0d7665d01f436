"""An upload that was refused has no run: whoever follows it must hear of the refusal. Pure."""

from collections.abc import Sequence
from datetime import datetime

from sluice.audit import AuditEntry
from sluice.aws.runs import Run


def newest_refusal(history: Sequence[AuditEntry], run: Run | None) -> AuditEntry | None:
    """The newest quarantined upload since `run` started, or of all when there is no run.

    `history`: the model's audit entries, the oldest first.
    """
    since = datetime.fromisoformat(run.started_at) if run else None
    refused = [entry for entry in history if entry.action == "UPLOAD_QUARANTINED"]
    if not refused or (since is not None and refused[-1].at <= since):
        return None
    return refused[-1]
