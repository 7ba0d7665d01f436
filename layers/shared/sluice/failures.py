"""What a failed execution says, turned into one sentence for a person. Pure."""

import json
from collections.abc import Mapping
from typing import Any

_JOB_KINDS = {
    "TrainingJob": "training job",
    "ProcessingJob": "processing job",
    "HyperParameterTuningJob": "tuning job",
    "TransformJob": "transform job",
}
"""By the stem of the members that name a job and its status."""


def describe_failure(error: str, cause: str) -> str:
    """The reason behind a Step Functions error.

    A failed `.sync` job is `States.TaskFailed` with the job's Describe output as cause; a failed Lambda gives
    `{"errorMessage": …, "errorType": …}`; anything else is shown as it is.
    """
    document = _as_document(cause)
    if document is None:
        return f"{error}: {cause}" if cause else error
    for stem, kind in _JOB_KINDS.items():
        if f"{stem}Name" in document:
            return _describe_job(kind, stem, document)
    if "errorMessage" in document:
        return f"{document.get('errorType', error)}: {document['errorMessage']}"
    return f"{error}: {cause}"


def _describe_job(kind: str, stem: str, document: Mapping[str, Any]) -> str:
    exit_message = document.get("ExitMessage")
    reason = exit_message or document.get("FailureReason") or "it gave no reason"
    status = document.get(f"{stem}Status") or "Failed"
    return f"{kind} {document[f'{stem}Name']} ended as {status}: {reason}"


def _as_document(cause: str) -> Mapping[str, Any] | None:
    try:
        document = json.loads(cause)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
