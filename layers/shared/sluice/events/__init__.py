"""Every event that Sluice consumes, one class each, shared by what produces it and what consumes it."""

from sluice.events.alarm import AlarmStateChange
from sluice.events.check_requested import CheckRequested
from sluice.events.endpoint import EndpointStateChange
from sluice.events.endpoint_ready import EndpointReady
from sluice.events.envelope import Envelope
from sluice.events.execution import ExecutionStatusChange
from sluice.events.model_package import ModelPackageStateChange
from sluice.events.object_created import ObjectCreated
from sluice.events.pending_upload import PendingUpload
from sluice.events.processing_job import ProcessingJobStateChange
from sluice.events.queued_deployment import QueuedDeployment
from sluice.events.retrain_requested import RetrainRequested
from sluice.events.rollback_requested import RollbackRequested
from sluice.events.traffic_requested import TrafficRequested
from sluice.events.trial_concluded import TrialConcluded

__all__ = [
    "AlarmStateChange",
    "CheckRequested",
    "EndpointReady",
    "EndpointStateChange",
    "Envelope",
    "ExecutionStatusChange",
    "ModelPackageStateChange",
    "ObjectCreated",
    "PendingUpload",
    "ProcessingJobStateChange",
    "QueuedDeployment",
    "RetrainRequested",
    "RollbackRequested",
    "TrafficRequested",
    "TrialConcluded",
]
