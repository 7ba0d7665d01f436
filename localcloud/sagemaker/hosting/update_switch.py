"""A switch for tests, on the endpoint: its tag `localcloud:next-update` says how the next update ends.

`rollback`: silently back on the old config. `fail`: the same with a FailureReason. Both count once: the update takes
the tag away. `hang`: the update does not begin before the tag is removed; meanwhile the endpoint may be deleted.
"""

import threading
from dataclasses import dataclass
from typing import Final

from localcloud.sagemaker.hosting.artifacts import DeploymentFailed
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.hosting.rollout import Stopping
from localcloud.sagemaker.tags import TagStore

NEXT_UPDATE: Final = "localcloud:next-update"
_ONCE: Final = ("rollback", "fail")
_LOOK_EVERY_SECONDS: Final = 0.1


@dataclass(frozen=True)
class UpdateSwitch:
    tags: TagStore
    arn: str
    asked: str

    @classmethod
    def take(cls, tags: TagStore, arn: str) -> "UpdateSwitch":
        asked = tags.of(arn).get(NEXT_UPDATE, "")
        if asked in _ONCE:
            tags.drop(arn, NEXT_UPDATE)
        return cls(tags, arn, asked)

    def release(self, endpoint: Endpoint, closing: threading.Event) -> bool:
        """Wait for as long as the update is to hang; False when the endpoint was deleted meanwhile."""
        if self.asked != "hang":
            return True
        with endpoint.hanging() as abandoned:
            while self.tags.of(self.arn).get(NEXT_UPDATE) == "hang":
                if abandoned.wait(_LOOK_EVERY_SECONDS):
                    return False
                if closing.is_set():
                    raise Stopping
        return not abandoned.is_set()

    def check(self) -> None:
        """DeploymentFailed, without words for a silent rollback, when the update is to end so."""
        if self.asked == "rollback":
            raise DeploymentFailed
        if self.asked == "fail":
            raise DeploymentFailed(f"The deployment was rolled back, as the endpoint's tag {NEXT_UPDATE} asked.")
