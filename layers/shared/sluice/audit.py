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
    "MODEL_APPROVED",
    "MODEL_REJECTED",
    "DEPLOYMENT_STARTED",
    "DEPLOYMENT_QUEUED",
    "DEPLOYED",
    "DEPLOYMENT_FAILED",
    "HELP_NEEDED",
]


@dataclass(frozen=True)
class AuditEntry:
    model: str
    action: Action
    at: datetime
    who: str
    why: str
    details: Mapping[str, str] = field(default_factory=dict)
