"""Lambda layers, unpacked once per content instead of once per function process.

What `sam build` makes of our layer is 50 MB in 3,000 files: unpacking it costs more than the rest of a cold start.
"""

import hashlib
import io
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localcloud.lambda_bootstrap import POINTER

_lock = threading.Lock()
_spawning = threading.local()


def install(folder: Path) -> None:
    """While a Python worker is spawned, a layer is a small archive that points to where it is unpacked in `folder`."""
    spawn, resolve = lambda_runtime.Worker._spawn, lambda_svc._resolve_layer_zip

    def spawn_pointed(worker: Any) -> None:
        _spawning.python = str(worker.config.get("Runtime", "")).startswith("python")
        try:
            spawn(worker)
        finally:
            _spawning.python = False

    def resolve_layer(attachment: Any) -> bytes | None:
        content: bytes | None = resolve(attachment)
        if content and getattr(_spawning, "python", False):
            return _pointer_to(_unpacked(content, folder))
        return content

    lambda_runtime.Worker._spawn = spawn_pointed
    lambda_svc._resolve_layer_zip = resolve_layer


def _unpacked(content: bytes, folder: Path) -> Path:
    place = folder / hashlib.sha256(content).hexdigest()[:24]
    with _lock:
        if not place.exists():
            draft = folder / f"{place.name}.{os.getpid()}"
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(draft)
            draft.rename(place)
    return place


def _pointer_to(place: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(POINTER, str(place))
    return buffer.getvalue()
