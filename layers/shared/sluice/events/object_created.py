"""S3 `Object Created`. Source: S3 User Guide, "EventBridge event message structure"."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class Bucket(Detail):
    name: str


class Object(Detail):
    key: str = Field(description="Not URL-encoded, unlike in S3's own notifications.")
    size: int = Field(description="Bytes.")
    etag: str
    version_id: str | None = Field(default=None, alias="version-id")
    sequencer: str = Field(description="Hexadecimal; orders two events of one key.")


class ObjectCreatedDetail(Detail):
    version: str
    bucket: Bucket
    object: Object
    reason: str


class ObjectCreated(Envelope):
    source: Literal["aws.s3"]
    detail_type: Literal["Object Created"] = Field(alias="detail-type")
    detail: ObjectCreatedDetail

    @property
    def idempotency_key(self) -> str:
        """The same object version, however often and in whatever order S3 announces it.

        A bucket without versions says only by its sequencer that equal bytes were uploaded again.
        """
        stored = self.detail.object
        version = stored.version_id or f"{stored.etag}-{stored.sequencer}"
        return f"{self.detail.bucket.name}/{stored.key}#{version}"
