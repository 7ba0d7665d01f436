"""The server process: one loopback port, ready when it answers, gone when told to or when its parent dies."""

import asyncio
import contextlib
import json
import logging
import logging.handlers
import os
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any

from localcloud.errors import LocalCloudError
from localcloud.ministack_port.version import require_pinned
from localcloud.settings import Settings, StateFiles, server_environment
from localcloud.supervision import WatchedProcesses

_log = logging.getLogger(__name__)

STOP_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Server:
    """A running local cloud, as written to `server.json`."""

    pid: int
    port: int
    endpoint_url: str
    started_at: float
    log: str


def serve(settings: Settings, on_ready: Callable[[Server], None], parent: int | None = None) -> None:
    """Run until SIGTERM, SIGINT or, with `parent`, the end of that pipe. LocalCloudError when it cannot start."""
    _require_analyzer(settings.analyzer)
    files = StateFiles(settings.state_dir)
    with _owned(files), _listening(settings) as listener:
        settings = replace(settings, port=listener.getsockname()[1])
        _start_logging(files)
        _adopt_environment(settings)
        require_pinned()
        processes = WatchedProcesses()
        os.environ.update(processes.mark)
        try:
            asyncio.run(_Run(settings, files, processes, listener, on_ready, parent).until_stopped())
        finally:
            processes.close(STOP_GRACE_SECONDS)
            files.server.unlink(missing_ok=True)


class _Run:
    def __init__(
        self,
        settings: Settings,
        files: StateFiles,
        processes: WatchedProcesses,
        listener: socket.socket,
        on_ready: Callable[[Server], None],
        parent: int | None,
    ) -> None:
        self._settings = settings
        self._files = files
        self._processes = processes
        self._listener = listener
        self._on_ready = on_ready
        self._parent = parent
        self._stopping = asyncio.Event()

    async def until_stopped(self) -> None:
        # MiniStack reads the environment when imported, so it is imported here and not above.
        from hypercorn.asyncio import serve as serve_asgi
        from hypercorn.config import Config

        from localcloud.assembly import LocalCloud
        from localcloud.gateway import Gateway
        from localcloud.ministack_port import serving

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        if self._parent is not None:
            threading.Thread(target=self._watch_parent, args=(loop, self._parent), daemon=True).start()
        cloud = LocalCloud(Gateway(self._settings, self._processes))
        config = Config()
        config.bind = [f"fd://{self._listener.fileno()}"]
        config.keep_alive_timeout = 75
        # A client that asks an endpoint often keeps its connection: hypercorn's own limit is 1,000 requests.
        config.keep_alive_max_requests = sys.maxsize
        config.graceful_timeout = 1.0
        config.accesslog = None
        config.errorlog = logging.getLogger("hypercorn.error")

        async def told_to_stop() -> None:
            # The port outlives what is behind it: a job's last log lines still arrive, and requests that wait for a
            # function or an endpoint are answered, rather than hold up the end.
            await self._stopping.wait()
            await asyncio.to_thread(cloud.close)

        await serve_asgi(self._announcing(serving.application), config, shutdown_trigger=told_to_stop)

    def _announcing(self, application: Any) -> Any:
        """Tells of readiness once the application has started and answers through its port."""

        async def announced(scope: Any, receive: Any, send: Any) -> None:
            async def observed(message: dict[str, Any]) -> None:
                await send(message)
                if message["type"] == "lifespan.startup.complete":
                    threading.Thread(target=self._announce, daemon=True).start()

            await application(scope, receive, observed if scope["type"] == "lifespan" else send)

        return announced

    def _announce(self) -> None:
        url = self._settings.endpoint_url
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{url}/_ministack/health", timeout=30) as answer:
            answer.read()
        server = Server(os.getpid(), self._settings.port, url, time.time(), str(self._files.log))
        _write_atomically(self._files.server, json.dumps(asdict(server)))
        _log.info("ready at %s", url)
        self._on_ready(server)

    def _watch_parent(self, loop: asyncio.AbstractEventLoop, pipe: int) -> None:
        while os.read(pipe, 64):
            pass
        _log.info("the parent process is gone")
        loop.call_soon_threadsafe(self._stopping.set)


def _require_analyzer(folder: Path | None) -> None:
    if folder and not (folder / "monitor.py").is_file():
        raise LocalCloudError(f"The analyzer's folder {folder} has no monitor.py; name a folder that has one")


@contextlib.contextmanager
def _owned(files: StateFiles) -> Iterator[None]:
    """One server per state directory. The lock ends with the process, so that a stale one cannot exist."""
    files.root.mkdir(parents=True, exist_ok=True)
    with files.lock.open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError as exc:
            raise LocalCloudError(
                f"A local cloud is already running with the state directory {files.root}; stop it, or give another one"
            ) from exc
        files.server.unlink(missing_ok=True)
        shutil.rmtree(files.scratch, ignore_errors=True)
        files.scratch.mkdir(parents=True)
        try:
            yield
        finally:
            shutil.rmtree(files.scratch, ignore_errors=True)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as exc:
            raise LocalCloudError(
                f"Port {settings.port} of {settings.host} cannot be used ({exc.strerror}); stop what listens there, "
                "or choose another port (0 takes a free one)"
            ) from exc
        listener.listen(256)
        yield listener


def _adopt_environment(settings: Settings) -> None:
    environment = server_environment(settings)
    os.environ.clear()
    os.environ.update(environment)


def _start_logging(files: StateFiles) -> None:
    """Everything that logs goes to one file: MiniStack's own basicConfig finds a handler there and adds none."""
    files.log.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(files.log, maxBytes=20_000_000, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s [%(name)s] %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in ("botocore", "urllib3", "boto3", "s3transfer"):
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = lambda kind, error, trace: _log.critical("server failed", exc_info=(kind, error, trace))


def _write_atomically(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(text)
    draft.replace(path)
