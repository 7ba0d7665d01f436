"""From S3's announcement to the object version that arrived."""

from sluice.events import ObjectCreated
from sluice.plan import Upload


def upload_of(event: ObjectCreated) -> Upload:
    stored = event.detail.object
    return Upload(
        bucket=event.detail.bucket.name,
        key=stored.key,
        version_id=stored.version_id,
        etag=stored.etag,
        size=stored.size,
        order=f"{event.time.isoformat(timespec='seconds')}#{stored.sequencer.zfill(32)}",
    )
