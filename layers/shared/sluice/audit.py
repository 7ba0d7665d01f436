"""The audit trail: who did what to a model, when and why. One entry is one row of the state table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Action = Literal[
    "RUN_STARTED",
    "RUN_FINISHED",
    "RUN_FAILED",
    "UPLOAD_QUARANTINED",
    "UPLOAD_PENDING",
    "UPLOAD_PARTLY_SCREENED",
    "UPLOAD_SUPERSEDED",
    "MODEL_REGISTERED",
    "MODEL_VALIDATED",
    "VALIDATION_FAILED",
    "VALIDATION_UNDECIDED",
    "MODEL_APPROVED",
    "MODEL_REJECTED",
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
    "BATCH_STARTED",
    "BATCH_FINISHED",
    "BATCH_FAILED",
    "MONITORING_STARTED",
    "MONITORING_STOPPED",
    "MONITORING_FELL_BACK",
    "CHECK_FAILED",
    "DRIFT_FOUND",
    "DRIFT_ENDED",
    "RETRAIN_REQUESTED",
    "HELP_NEEDED",
]

SERVICE = "sluice"
"""Who acted where no person did."""

_DECIDING_FUNCTIONS = ("register-model", "conclude-validation", "deploy-model", "activate-endpoint")
"""They set an approval status by the gate, the approval policy, the validation, or because production said no."""


@dataclass(frozen=True)
class AuditEntry:
    model: str
    action: Action
    at: datetime
    who: str
    why: str
    details: Mapping[str, str] = field(default_factory=dict)


def decided_by(stage: str, changed_by: str) -> str:
    """Who decided on a version, of the ARN that changed it: a function's session is named after the function."""
    functions = tuple(f"/sluice-{stage}-{name}" for name in _DECIDING_FUNCTIONS)
    return SERVICE if changed_by.endswith(functions) else changed_by
