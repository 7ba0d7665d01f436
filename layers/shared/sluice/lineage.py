"""What the audit trail says of one version: who decided on it, where it served, what was tried with it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sluice.audit import AuditEntry

_DECISIONS = frozenset(
    {"MODEL_VALIDATED", "VALIDATION_FAILED", "VALIDATION_UNDECIDED", "MODEL_APPROVED", "MODEL_REJECTED"}
)
_SERVING = frozenset(
    {
        "DEPLOYMENT_STARTED",
        "DEPLOYMENT_QUEUED",
        "DEPLOYED",
        "DEPLOYMENT_FAILED",
        "ROLLBACK_REQUESTED",
        "TRIAL_STARTED",
        "TRAFFIC_CHANGED",
        "TRIAL_CONCLUDED",
        "ENDPOINT_REMOVED",
        "ENDPOINT_IDLE",
        "ENDPOINT_REAPED",
        "HELP_NEEDED",
    }
)
_DRIFT = frozenset({"DRIFT_FOUND", "DRIFT_ENDED", "RETRAIN_REQUESTED"})


@dataclass(frozen=True)
class Story:
    """Each part the oldest first."""

    decisions: Sequence[AuditEntry]
    serving: Sequence[AuditEntry]
    drift: Sequence[AuditEntry]


def story_of(entries: Sequence[AuditEntry], package_arn: str, version: int) -> Story:
    """`entries`: the model's, the oldest first."""
    own = [entry for entry in entries if _is_about(entry, package_arn, version)]
    return Story(
        decisions=[entry for entry in own if entry.action in _DECISIONS],
        serving=[entry for entry in own if entry.action in _SERVING],
        drift=[entry for entry in own if entry.action in _DRIFT],
    )


def _is_about(entry: AuditEntry, package_arn: str, version: int) -> bool:
    """By the package that it names; or by the version, of what is about two: a rollback, a trial."""
    if package_arn in entry.details.values() or f"v{version}" in entry.details:
        return True
    if entry.action in _DECISIONS and "package" in entry.details:
        return False
    named = re.compile(rf"(?<![\w.-])(version |v){version}(?![\w-])")
    versions = {value for name, value in entry.details.items() if name.endswith(("version", "champion", "challenger"))}
    return bool(named.search(entry.why)) or not versions.isdisjoint({str(version), f"v{version}"})
