"""Role sessions, kept for a while: a client that signs as a known session is built and connected already."""

import threading
import time
from typing import Final

from localcloud.cloud import Cloud, Credentials

_KEPT_SECONDS: Final = 900.0
_SESSION: Final = "SageMaker"


class RoleSessions:
    """What a role may do is asked at every request, so an older session of it is as good as a new one.

    Whether SageMaker may assume the role is asked at every `get`.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Credentials]] = {}

    def get(self, role_arn: str) -> Credentials:
        """Raises ApiError ValidationException when the role is missing or does not trust SageMaker."""
        fresh = self._cloud.assume_role(role_arn, _SESSION)
        now = time.monotonic()
        with self._lock:
            since, kept = self._kept.get(role_arn, (now, fresh))
            if now - since > _KEPT_SECONDS:
                since, kept = now, fresh
            self._kept[role_arn] = (since, kept)
            return kept
