"""The audit trail for eyes: a row per entry."""

from collections.abc import Sequence

from cli.output import shortened, table
from sluice.audit import AuditEntry

_LIMIT = 160
_WON = " won its trial: "


def history_lines(entries: Sequence[AuditEntry]) -> list[str]:
    rows = [(entry.at, entry.action, short_identity(entry.who), _why(entry)) for entry in entries]
    return table(("when (UTC)", "what", "who", "why"), rows).splitlines()


def _why(entry: AuditEntry) -> str:
    """A registration says a sentence for every check of the gate, a trial's end one for every comparison, and what
    follows from it repeats them: the first ones matter, and the report has all. What a person wrote is shown whole."""
    long = entry.action in ("MODEL_REGISTERED", "TRIAL_CONCLUDED") or _WON in entry.why
    text = shortened(entry.why, _LIMIT) if long else entry.why
    report = entry.details.get("report")
    return f"{text} (report: {report})" if report else text


def short_identity(arn: str) -> str:
    """The end of an ARN is the name; what stands before it is the same in every line."""
    return arn.rpartition(":")[2] if arn.startswith("arn:") else arn
