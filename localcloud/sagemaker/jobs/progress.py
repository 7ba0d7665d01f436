"""A job's way through its states, as Describe shows them and as events announce them."""

import math
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from localcloud.sagemaker.jobs.processes import Ending
from localcloud.sagemaker.jobs.records import JobRecords

_STATUS: Final[dict[Ending, str]] = {
    "completed": "Completed",
    "failed": "Failed",
    "stopped": "Stopped",
    "max-runtime": "Stopped",
}
MAX_RUNTIME: Final = "job runtime exceeded MaxRuntimeInSeconds provided"


class Progress(Protocol):
    def downloading(self) -> None: ...

    def running(self) -> None: ...

    def uploading(self) -> None: ...

    def stopping(self) -> None: ...

    def ended(self, ending: Ending, reason: str, changes: dict[str, Any]) -> None:
        """`reason` is the FailureReason of a failed job; `changes` are further members of its description."""


class TrainingProgress:
    def __init__(self, records: JobRecords, name: str) -> None:
        self._records = records
        self._name = name

    def downloading(self) -> None:
        started = {"TrainingStartTime": datetime.now(UTC)}
        self._records.move(self._name, "Downloading", "Downloading input data", started)

    def running(self) -> None:
        self._records.move(self._name, "Training", "Training image download completed. Training in progress.")

    def uploading(self) -> None:
        self._records.move(self._name, "Uploading", "Uploading generated training model")

    def stopping(self) -> None:
        status = {"TrainingJobStatus": "Stopping"}
        self._records.move(self._name, "Stopping", "Stopping the training job", status)

    def ended(self, ending: Ending, reason: str, changes: dict[str, Any]) -> None:
        """TrainingTimeInSeconds counts as AWS bills: whole seconds, from the download's start to the upload's end."""
        status = _STATUS[ending]
        final = changes | {"TrainingJobStatus": status}
        started = self._records.describe(self._name).get("TrainingStartTime")
        if started:
            now = datetime.now(UTC)
            seconds = max(1, math.ceil((now - started).total_seconds()))
            final |= {"TrainingEndTime": now, "TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        if reason:
            final["FailureReason"] = reason
        if ending == "max-runtime":
            self._records.move(self._name, "MaxRuntimeExceeded", f"Training {MAX_RUNTIME}", final)
        else:
            self._records.move(self._name, status, f"Training job {status.lower()}", final)


class ProcessingProgress:
    """Processing jobs have no secondary status: downloads and uploads show as InProgress."""

    def __init__(self, records: JobRecords, name: str) -> None:
        self._records = records
        self._name = name

    def downloading(self) -> None:
        self._records.update(self._name, {"ProcessingStartTime": datetime.now(UTC)})

    def running(self) -> None:
        """Nothing that Describe shows."""

    def uploading(self) -> None:
        """Nothing that Describe shows."""

    def stopping(self) -> None:
        self._records.update(self._name, {"ProcessingJobStatus": "Stopping"})

    def ended(self, ending: Ending, reason: str, changes: dict[str, Any]) -> None:
        final = changes | {"ProcessingJobStatus": _STATUS[ending], "ProcessingEndTime": datetime.now(UTC)}
        if ending == "max-runtime":
            # AWS shows nothing here but Stopped; a person wants to know why.
            reason = f"Processing {MAX_RUNTIME}"
        self._records.update(self._name, final | ({"FailureReason": reason} if reason else {}))
