"""An object of any size, written as its bytes come: the memory that it takes does not grow with it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sluice.aws.objects import Objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PART_BYTES = 16 * 1024 * 1024
"""S3 takes 10,000 parts of an object, of 5 MiB at least: this reaches 156 GiB."""


@dataclass
class ObjectWriter:
    client: "S3Client"
    bucket: str
    key: str
    metadata: Mapping[str, str]
    """What the object gets beside its bytes, as PutObject names it."""
    _held: bytearray = field(default_factory=bytearray)
    _upload_id: str | None = None
    _parts: list[Any] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        self._held += data
        if len(self._held) >= _PART_BYTES:
            self._send()

    def complete(self) -> None:
        if self._upload_id is None:
            body = bytes(self._held)
            self.client.put_object(Bucket=self.bucket, Key=self.key, Body=body, **self.metadata)  # type: ignore[arg-type]
            return
        if self._held:
            self._send()
        self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=self.key, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        """Leave nothing: no object, and no parts that are paid for."""
        if self._upload_id is not None:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=self._upload_id)

    def _send(self) -> None:
        if self._upload_id is None:
            started = self.client.create_multipart_upload(Bucket=self.bucket, Key=self.key, **self.metadata)  # type: ignore[arg-type]
            self._upload_id = started["UploadId"]
        number = len(self._parts) + 1
        sent = self.client.upload_part(
            Bucket=self.bucket, Key=self.key, UploadId=self._upload_id, PartNumber=number, Body=bytes(self._held)
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._held.clear()


@contextmanager
def written_object(
    objects: Objects, key: str, content_type: str, tags: Mapping[str, str] | None = None
) -> Iterator[ObjectWriter]:
    """The object appears when the block ends well; after an error there is none."""
    metadata = {"ContentType": content_type, **({"Tagging": urlencode(tags)} if tags else {})}
    writer = ObjectWriter(objects.client, objects.bucket, key, metadata)
    try:
        yield writer
        writer.complete()
    except BaseException:
        writer.abort()
        raise
