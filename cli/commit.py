"""Which commit a deployment is made from. The code's hash says what ran; the commit says where to read it."""

import subprocess
from pathlib import Path

_LIMIT_SECONDS = 10


def clean_commit(checkout: Path) -> str | None:
    """None where there is no git, where this is no checkout's root, or where a file differs from the commit."""
    try:
        root = _git(checkout, "rev-parse", "--show-toplevel")
        if Path(root).resolve() != checkout.resolve() or _git(checkout, "status", "--porcelain"):
            return None
        return _git(checkout, "rev-parse", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "-C", str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LIMIT_SECONDS)
    return done.stdout.strip()
