"""S3 and SNS as the hosting modes use them: everything that was put, and what is refused."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


@dataclass
class FakeBuckets:
    """`objects` by (bucket, key); `denied` holds keys' beginnings that a put is refused for."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    puts: list[dict[str, Any]] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "not there"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def put_object(self, Bucket: str, Key: str, Body: bytes, **more: Any) -> dict[str, Any]:
        if any(Key.startswith(prefix) for prefix in self.denied):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        self.objects[Bucket, Key] = Body
        self.puts.append({"Bucket": Bucket, "Key": Key} | more)
        return {}

    def below(self, prefix: str) -> dict[str, bytes]:
        return {key: body for (_, key), body in list(self.objects.items()) if key.startswith(prefix)}


@dataclass
class FakeTopics:
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    broken: bool = False

    def publish(self, TopicArn: str, Message: str) -> None:
        if self.broken:
            raise ClientError({"Error": {"Code": "AuthorizationError", "Message": "no"}}, "Publish")
        self.messages.setdefault(TopicArn, []).append(json.loads(Message))
