"""What kept an instance from starting, as the FailureReason that SageMaker would give."""

import logging

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed

_log = logging.getLogger(__name__)


def as_failure(error: BaseException) -> DeploymentFailed:
    """A role that is gone is the user's, the rest is ours."""
    if isinstance(error, DeploymentFailed):
        return error
    if isinstance(error, ApiError):
        return DeploymentFailed(error.message)
    _log.error("An instance did not start", exc_info=error)
    return DeploymentFailed(f"The local cloud failed: {error!r}")
