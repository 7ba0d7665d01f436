"""The audit trail for eyes: a row per entry."""

from collections.abc import Sequence

from cli.output import table
from sluice.audit import AuditEntry


def history_lines(entries: Sequence[AuditEntry]) -> list[str]:
    rows = [(entry.at, entry.action, short_identity(entry.who), entry.why) for entry in entries]
    return table(("when (UTC)", "what", "who", "why"), rows).splitlines()


def short_identity(arn: str) -> str:
    """The end of an ARN is the name; what stands before it is the same in every line."""
    return arn.rpartition(":")[2] if arn.startswith("arn:") else arn
