"""In-memory stand-ins for the boto3 clients that a container's role uses: S3 and CloudWatch Logs."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError


def client_error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeS3:
    """`objects` maps (bucket, key) to bytes. `denied` holds names of operations (GetObject, ListObjectsV2, …)."""

    def __init__(self, **objects: bytes) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.denied: set[str] = set()
        self.encryption: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def put(self, uri: str, body: bytes) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.objects[bucket, key] = body

    def uris(self) -> list[str]:
        return sorted(f"s3://{bucket}/{key}" for bucket, key in self.objects)

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        self._allow("ListObjectsV2")
        if Bucket not in {bucket for bucket, _ in self.objects}:
            raise client_error("NoSuchBucket", "The specified bucket does not exist", "ListObjectsV2")
        found = sorted(key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix))
        # Two to a page: whoever reads only the first page is found out.
        for start in range(0, len(found), 2):
            page = found[start : start + 2]
            yield {"Contents": [{"Key": key, "Size": len(self.objects[Bucket, key])} for key in page]}
        if not found:
            yield {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self._allow("GetObject")
        if (Bucket, Key) not in self.objects:
            raise client_error("NoSuchKey", "The specified key does not exist.", "GetObject")
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def put_object(self, Bucket: str, Key: str, Body: Any, **encryption: str) -> dict[str, Any]:
        self._allow("PutObject")
        with self._lock:
            self.objects[Bucket, Key] = Body if isinstance(Body, bytes) else Body.read()
            self.encryption[Key] = encryption
        return {}

    def delete_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self._allow("DeleteObject")
        self.objects.pop((Bucket, Key), None)
        return {}

    def upload_file(self, name: str, bucket: str, key: str, ExtraArgs: dict[str, str]) -> None:
        self.put_object(bucket, key, Path(name).read_bytes(), **ExtraArgs)

    def _allow(self, operation: str) -> None:
        if operation in self.denied:
            raise client_error("AccessDenied", f"not authorized to perform {operation}", operation)


class FakeLogs:
    """`streams` maps (group, stream) to messages; `calls` counts PutLogEvents. `denied` refuses everything."""

    class exceptions:
        class ResourceAlreadyExistsException(Exception):
            pass

    def __init__(self, *, denied: bool = False) -> None:
        self.denied = denied
        self.groups: set[str] = set()
        self.streams: dict[tuple[str, str], list[str]] = {}
        self.calls = 0

    def create_log_group(self, logGroupName: str) -> None:
        if self.denied:
            raise client_error(
                "AccessDeniedException", "not authorized to perform logs:CreateLogGroup", "CreateLogGroup"
            )
        if logGroupName in self.groups:
            raise self.exceptions.ResourceAlreadyExistsException
        self.groups.add(logGroupName)

    def create_log_stream(self, logGroupName: str, logStreamName: str) -> None:
        self.streams.setdefault((logGroupName, logStreamName), [])

    def put_log_events(self, logGroupName: str, logStreamName: str, logEvents: list[dict[str, Any]]) -> None:
        self.calls += 1
        times = [event["timestamp"] for event in logEvents]
        assert times == sorted(times), "CloudWatch refuses events out of order"
        self.streams[logGroupName, logStreamName] += [event["message"] for event in logEvents]
