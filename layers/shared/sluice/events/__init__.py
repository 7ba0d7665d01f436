"""Every event that Sluice consumes, one class each, shared by what produces it and what consumes it."""

from sluice.events.endpoint import EndpointStateChange
from sluice.events.envelope import Envelope
from sluice.events.execution import ExecutionStatusChange
from sluice.events.model_package import ModelPackageStateChange
from sluice.events.object_created import ObjectCreated
from sluice.events.pending_upload import PendingUpload
from sluice.events.queued_deployment import QueuedDeployment

__all__ = [
    "EndpointStateChange",
    "Envelope",
    "ExecutionStatusChange",
    "ModelPackageStateChange",
    "ObjectCreated",
    "PendingUpload",
    "QueuedDeployment",
]
