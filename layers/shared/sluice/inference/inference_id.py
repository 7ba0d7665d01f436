"""The id that ties a request to its captured record and to the ground truth that comes later."""

import re
import uuid

from sluice.inference.problem import bad_request

HEADER = "inference-id"
# SageMaker takes any 64 printable characters; these are safe in keys and logs, too.
_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


def inference_id(given: str | None) -> str:
    """The caller's, or a new one. Raises ProblemError."""
    if not given:
        return str(uuid.uuid4())
    if not _PATTERN.fullmatch(given):
        raise bad_request(
            "The Inference-Id header must be 1 to 64 letters, digits, '.', '_', ':' or '-', a letter or digit first. "
            "Leave it out to get one."
        )
    return given
