"""S3: the definition, uploads, quarantine and the documents that runs leave."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sluice.monitoring.inputs import Stored

if TYPE_CHECKING:  # sluice.plan brings the definition's classes, which not every function needs
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

    from sluice.plan import Upload

_CHUNK = 1 << 20


class ObjectMissingError(Exception):
    """There is no such object."""


class ObjectTooLargeError(Exception):
    """The object is larger than what its reader takes."""


@dataclass(frozen=True)
class StoredObject:
    """The current version of an object."""

    key: str
    version_id: str | None
    etag: str
    size: int
    last_modified: datetime


@dataclass(frozen=True)
class Objects:
    """The bucket of a stage."""

    client: "S3Client"
    bucket: str

    def read(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissingError."""
        return self._read(self.bucket, key)

    def read_at_most(self, key: str, limit: int) -> bytes:
        """The whole object, if it has no more than `limit` bytes. Raises ObjectMissingError, ObjectTooLargeError."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise ObjectMissingError(f"s3://{self.bucket}/{key} does not exist") from None
            raise
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] > limit:
                raise ObjectTooLargeError(f"s3://{self.bucket}/{key} has more than {limit:,} bytes")
            return body.read()

    def newest(self, prefix: str) -> StoredObject | None:
        """The object below the prefix that was written last; None where there is none. Folder markers are none."""
        files = [stored for stored in self.listed(prefix) if not stored.key.endswith("/")]
        return self.stored(max(files, key=lambda stored: stored.arrival).key) if files else None

    def stored(self, key: str) -> StoredObject:
        """The current version. Raises ObjectMissingError."""
        try:
            found = self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise ObjectMissingError(f"s3://{self.bucket}/{key} does not exist") from None
            raise
        etag, size = found["ETag"].strip('"'), found["ContentLength"]
        return StoredObject(key, found.get("VersionId"), etag, size, found["LastModified"])

    def read_json(self, uri: str) -> Any:
        """The JSON document at an `s3://` URI; a version of another account's has its own there.

        Raises ObjectMissingError.
        """
        return json.loads(self.read_uri(uri))

    def read_uri(self, uri: str) -> bytes:
        """The whole object at an `s3://` URI, in whichever bucket. Raises ObjectMissingError."""
        return self._read(_bucket_of(uri), key_of(uri))

    def _read(self, bucket: str, key: str) -> bytes:
        try:
            return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise ObjectMissingError(f"s3://{bucket}/{key} does not exist") from None
            raise

    def write(self, key: str, body: str, content_type: str = "application/json") -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body.encode(), ContentType=content_type)

    def presigned(self, key: str, seconds: int) -> str:
        """A link to the object that needs no credentials: whoever has it can read it, so it belongs in no log.

        It ends with the credentials that sign it, a role's after 12 hours at most, however many seconds are asked for.
        """
        return self.client.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds
        )

    def stream(self, upload: "Upload", limit: int) -> Iterator[bytes]:
        """The upload's bytes, at most the first `limit` of them, in blocks of 1 MiB.

        Raises ObjectMissingError when that version is gone.
        """
        if upload.size == 0:  # a range of an empty object is an error (416)
            return
        with closing(self._range(upload, f"0-{limit - 1}")) as body:
            yield from body.iter_chunks(_CHUNK)

    def ends(self, upload: "Upload", length: int) -> tuple[bytes, bytes]:
        """The upload's first and last bytes, `length` each, or all of it where it is shorter.

        Raises ObjectMissingError when that version is gone.
        """
        if upload.size == 0:
            return b"", b""
        with (
            closing(self._range(upload, f"0-{length - 1}")) as head,
            closing(self._range(upload, f"-{length}")) as tail,
        ):
            return head.read(), tail.read()

    def _range(self, upload: "Upload", span: str) -> "StreamingBody":
        try:
            return self.client.get_object(
                Bucket=self.bucket, Key=upload.key, Range=f"bytes={span}", **_version(upload)
            )["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion", "404"):
                raise ObjectMissingError(f"{upload.data_version} does not exist any more") from None
            raise

    def is_newest(self, upload: "Upload") -> bool:
        """Whether that version is the object's current one. Raises ObjectMissingError when the object is deleted."""
        try:
            current = self.client.head_object(Bucket=self.bucket, Key=upload.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise ObjectMissingError(f"s3://{self.bucket}/{upload.key} was deleted") from None
            raise
        return upload.version_id in (None, current.get("VersionId"))

    def exists(self, key: str) -> bool:
        try:
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return False
            raise
        return True

    def wait_for(self, key: str, delays: Mapping[str, int]) -> bytes:
        """The object, once it is there. Raises botocore's WaiterError. delays: of the waiter, in seconds."""
        self.client.get_waiter("object_exists").wait(Bucket=self.bucket, Key=key, WaiterConfig=dict(delays))  # type: ignore[arg-type]
        return self.read(key)

    def copy_object(self, uri: str, key: str) -> None:
        """Copy an object into this bucket, without its bytes passing through here; in parts above 5 GB."""
        source: Any = {"Bucket": _bucket_of(uri), "Key": key_of(uri)}
        self.client.copy(source, self.bucket, key, Config=_single_copy_up_to_5_gb())

    def copy(self, upload: "Upload", key: str) -> None:
        """Copy that version of the object, without its bytes passing through here; in parts above 5 GB."""
        source = {"Bucket": self.bucket, "Key": upload.key, **_version(upload)}
        self.client.copy(source, self.bucket, key, Config=_single_copy_up_to_5_gb())  # type: ignore[arg-type]

    def keys(self, prefix: str) -> Iterator[str]:
        yield from (stored.key for stored in self.listed(prefix))

    def listed(self, prefix: str) -> Iterator[Stored]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                yield Stored(entry["Key"], entry["LastModified"])

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
        self.client.put_object_tagging(Bucket=self.bucket, Key=key, Tagging={"TagSet": tag_set})  # type: ignore[typeddict-item]


def key_of(uri: str) -> str:
    """The key of an `s3://bucket/key` URI."""
    return uri.removeprefix("s3://").partition("/")[2]


def _bucket_of(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[0]


def _version(upload: "Upload") -> dict[str, Any]:
    return {"VersionId": upload.version_id} if upload.version_id else {}


def _single_copy_up_to_5_gb() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=5 * 10**9, multipart_chunksize=512 * 1024**2)
