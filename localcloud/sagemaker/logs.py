"""Output of a container to CloudWatch Logs, as the container's own role: in batches, off its critical path."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

_log = logging.getLogger(__name__)

# CloudWatch's limits on one PutLogEvents call and on one event (each event counts 26 bytes more than its text).
_MAX_EVENTS: Final = 10_000
_MAX_BYTES: Final = 1_000_000
_EVENT_OVERHEAD: Final = 26
MAX_MESSAGE: Final = 250_000
_LINGER_SECONDS: Final = 0.25

Event = dict[str, Any]


class LogShipper:
    """One log stream. `put` never blocks and never fails: on AWS, too, a job whose role may not write logs goes on.

    `client` is called in the shipping thread, at the first line. `refused` holds why nothing more is shipped.
    """

    def __init__(self, client: Callable[[], Any], group: str, stream: str) -> None:
        self._make_client = client
        self._group = group
        self._stream = stream
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._ship, name=f"logs {stream}", daemon=True)
        self._started = False
        self.refused = ""

    def put(self, message: str) -> None:
        if not self._started:
            self._started = True
            self._thread.start()
        # CloudWatch refuses empty messages.
        self._queue.put({"timestamp": int(time.time() * 1000), "message": message or " "})

    def close(self, timeout: float | None = None) -> None:
        """Return when everything put so far is shipped or refused, or after `timeout` seconds."""
        if self._started:
            self._queue.put(None)
            self._thread.join(timeout)

    def _ship(self) -> None:
        try:
            client = self._open()
            ended = False
            while not ended:
                batch, ended = self._next_batch()
                if batch:
                    client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)
        except (ClientError, BotoCoreError) as exc:
            self.refused = str(exc)
            _log.warning("No logs in %s %s: %s", self._group, self._stream, exc)
        except Exception as exc:
            self.refused = repr(exc)
            _log.exception("Shipping logs to %s %s broke", self._group, self._stream)

    def _open(self) -> Any:
        client = self._make_client()
        _unless_there(client, client.create_log_group, logGroupName=self._group)
        _unless_there(client, client.create_log_stream, logGroupName=self._group, logStreamName=self._stream)
        return client

    def _next_batch(self) -> tuple[list[Event], bool]:
        """What came in the next quarter of a second, at most one call's worth; True with the last one."""
        batch: list[Event] = []
        size, deadline = 0, float("inf")
        while len(batch) < _MAX_EVENTS and size < _MAX_BYTES - MAX_MESSAGE:
            try:
                wait = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
                event = self._queue.get(timeout=wait)
            except queue.Empty:
                return batch, False
            if event is None:
                return batch, True
            if not batch:
                deadline = time.monotonic() + _LINGER_SECONDS
            batch.append(event)
            size += len(event["message"].encode()) + _EVENT_OVERHEAD
        return batch, False


def _unless_there(client: Any, create: Callable[..., Any], **names: str) -> None:
    try:
        create(**names)
    except client.exceptions.ResourceAlreadyExistsException:
        return
