"""Requests and answers as JSON Lines in S3, written as the model's role by a thread of its own.

Where the lines lie and what stands in them is SageMaker's: `<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/` by the time
of the request, and one object a line. Requests that the model refused or failed are not captured. SageMaker delivers
within "a couple of minutes"; here lines wait for one of AWS's minutes at most.
"""

import base64
import json
import logging
import random
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import ApiError
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.capture_config import CaptureSpec, media_type
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.jobs.s3 import S3Error, explain
from localcloud.sagemaker.jobs.sessions import RoleSessions

_log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 60.0
"""AWS's; scaled locally."""
_FLUSH_LINES: Final = 2000
_FLUSH_BYTES: Final = 16 << 20
_SHORTEST_FLUSH_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Sampled:
    """A request that is captured. Its copy to a shadow variant is the same event, so that the two can be joined: AWS
    does not say how; the inference id of the caller joins them there and here."""

    event_id: str
    at: datetime
    inference_id: str
    content_type: str
    body: bytes


@dataclass(frozen=True)
class _Place:
    """Of one file: whose lines, and of which hour."""

    spec: CaptureSpec
    role_arn: str
    folder: str


_Exchange = tuple[Sampled, Reply]


class DataCapture:
    def __init__(self, cloud: Cloud, sessions: RoleSessions, seed: int | None = None) -> None:
        self._cloud = cloud
        self._sessions = sessions
        self._random = random.Random(seed)
        self._seconds = max(_SHORTEST_FLUSH_SECONDS, FLUSH_SECONDS * cloud.time_scale)
        self._lock = threading.Lock()
        self._kept: defaultdict[_Place, list[_Exchange]] = defaultdict(list)
        self._count = self._bytes = 0
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def sample(self, spec: CaptureSpec | None, request: Mapping[str, Any]) -> Sampled | None:
        """The request, if the config's share of requests takes it."""
        if spec is None or not spec.enabled or self._random.random() * 100 >= spec.percentage:
            return None
        return Sampled(
            event_id=str(uuid.uuid4()),
            at=datetime.now(UTC),
            inference_id=request.get("InferenceId", ""),
            content_type=request.get("ContentType", ""),
            body=request["Body"],
        )

    def keep(self, endpoint: str, variant: str, role_arn: str, spec: CaptureSpec, event: Sampled, reply: Reply) -> None:
        """Costs an append: what is written of it is made by the thread."""
        if not 200 <= reply.status < 300:
            return
        place = _Place(spec, role_arn, f"{endpoint}/{variant}/{event.at:%Y/%m/%d/%H}")
        with self._lock:
            self._kept[place].append((event, reply))
            self._count += 1
            self._bytes += len(event.body) + len(reply.body)
            full = self._count >= _FLUSH_LINES or self._bytes >= _FLUSH_BYTES
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_regularly, name="data capture", daemon=True)
                self._thread.start()
        if full:
            self._wake.set()

    def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        self._wake.set()
        if self._thread:
            self._thread.join()

    def _write_regularly(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(self._seconds)
            self._wake.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        with self._lock:
            kept, self._kept = self._kept, defaultdict(list)
            self._count = self._bytes = 0
        for place, exchanges in kept.items():
            try:
                self._put(place, exchanges)
            except (ApiError, *S3Error) as error:
                reason = explain(error)
                _log.warning("%d captured requests of %s were not written: %s", len(exchanges), place.folder, reason)
            except Exception:  # the thread's edge: capture of other endpoints goes on
                _log.exception("%d captured requests of %s were not written", len(exchanges), place.folder)

    def _put(self, place: _Place, exchanges: list[_Exchange]) -> None:
        spec = place.spec
        first = exchanges[0][0].at
        name = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        key = f"{spec.destination.key.rstrip('/')}/{place.folder}/{name}"
        lines = (json.dumps(record(spec, event, reply), separators=(",", ":")) for event, reply in exchanges)
        body = "".join(f"{line}\n" for line in lines).encode()
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": spec.kms_key} if spec.kms_key else {}
        s3 = self._cloud.client("s3", self._sessions.get(place.role_arn))
        s3.put_object(Bucket=spec.destination.bucket, Key=key, Body=body, **encryption)


def record(spec: CaptureSpec, event: Sampled, reply: Reply) -> dict[str, Any]:
    """One captured request, as SageMaker writes it."""
    captured = {}
    if spec.input:
        captured["endpointInput"] = _side(spec, "INPUT", event.content_type, event.body)
    if spec.output:
        captured["endpointOutput"] = _side(spec, "OUTPUT", reply.headers.get("content-type", ""), reply.body)
    metadata = {"eventId": event.event_id, "inferenceTime": f"{event.at:%Y-%m-%dT%H:%M:%SZ}"}
    if event.inference_id:
        metadata["inferenceId"] = event.inference_id
    return {"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}


def _side(spec: CaptureSpec, mode: str, content_type: str, data: bytes) -> dict[str, str]:
    encoding, text = _encoded(spec, content_type, data)
    return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}


def _encoded(spec: CaptureSpec, content_type: str, data: bytes) -> tuple[str, str]:
    kind = media_type(content_type)
    encoding = "CSV" if kind in spec.csv_types else "JSON" if kind in spec.json_types else "BASE64"
    if encoding != "BASE64":
        try:
            return encoding, data.decode()
        except UnicodeDecodeError:
            pass
    return "BASE64", base64.b64encode(data).decode("ascii")
