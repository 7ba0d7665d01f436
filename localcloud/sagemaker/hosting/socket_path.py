"""Where a serving process listens. A unix socket's path has a short limit, and a checkout may lie deep."""

import tempfile
from pathlib import Path

_PATH_LIMIT = 100
"""sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included."""
_SHORT_DIR = Path("/tmp")  # noqa: S108  a directory of our own is made in it, readable by nobody else


def socket_path(base: Path | None = None) -> Path:
    """A path in a new private directory: below `base` (the state's own temporary folder) where that is short enough."""
    base = base or Path(tempfile.gettempdir())
    made_there = base / "sluice-12345678" / "s"
    if len(str(made_there).encode()) > _PATH_LIMIT:
        base = _SHORT_DIR
    return Path(tempfile.mkdtemp(prefix="sluice-", dir=base)) / "s"
