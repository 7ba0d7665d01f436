"""A line of SageMaker's data capture: SageMaker Developer Guide, "Interpret captured data"."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from sluice.definition.data import Task
from sluice.trial.answers import Answer, UnreadableAnswerError, read_answers


@dataclass(frozen=True)
class Captured:
    event_id: str
    inference_id: str | None
    """The caller's own name for the request, where it gave one."""
    answers: tuple[Answer, ...]
    """One a row of the request."""

    @property
    def key(self) -> str:
        """What ground truth and the other variant's capture know the request by."""
        return self.inference_id or self.event_id


def read_capture(line: str, task: Task) -> Captured:
    """Raises UnreadableAnswerError for a line without an answer to the task."""
    try:
        document: dict[str, Any] = json.loads(line)
        about, output = document["eventMetadata"], document["captureData"]["endpointOutput"]
        answers = read_answers(_text(output), str(output.get("observedContentType", "")), task)
        return Captured(str(about["eventId"]), about.get("inferenceId"), answers)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableAnswerError(str(error)) from None


def _text(output: dict[str, Any]) -> str:
    """A content type that the endpoint's capture does not name is kept as Base64."""
    data = str(output["data"])
    return base64.b64decode(data, validate=True).decode() if output.get("encoding") == "BASE64" else data
