"""What a retrain for drift is trained on: the newest upload, and captured rows whose truth is known by now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sluice.aws.objects import Objects
from sluice.errors import BadInputError
from sluice.events.retrain_requested import RetrainRequestedDetail
from sluice.naming import ModelPrefix
from sluice.plan import DriftCause, Upload


@dataclass(frozen=True)
class DriftData:
    objects: Objects
    now: Callable[[], datetime]

    def upload(self, asked: RetrainRequestedDetail, newest_taken: str) -> Upload:
        """The newest upload, once more. newest_taken: the order of the last one that a run took.

        Raises BadInputError where nothing is left.
        """
        prefix = ModelPrefix(asked.model).raw
        stored = self.objects.newest(prefix)
        if stored is None:
            raise BadInputError(f"nothing lies under s3://{self.objects.bucket}/{prefix}: upload data to train on")
        # Behind what was taken, and each retrain behind the one before it; but before any upload of the same second.
        arrived = f"{stored.last_modified.isoformat(timespec='seconds')}#"
        order = f"{max(arrived, newest_taken.partition('!')[0])}!{self.now().isoformat()}"
        cause = DriftCause(asked.check_id, asked.reason, asked.labelled_key, asked.labelled_rows)
        return Upload(self.objects.bucket, stored.key, stored.version_id, stored.etag, stored.size, order, drift=cause)

    def labelled(self, upload: Upload, key: str) -> Upload:
        """The file of labelled rows. Raises ObjectMissingError."""
        stored = self.objects.stored(key)
        return Upload(upload.bucket, key, stored.version_id, stored.etag, stored.size, upload.order)
