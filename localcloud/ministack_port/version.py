"""The one version of MiniStack whose internals this package knows. Imports nothing of it."""

from importlib.metadata import PackageNotFoundError, version

from localcloud.errors import LocalCloudError

PINNED = "1.5.33"


def require_pinned(installed: str | None = None) -> None:
    """Refuse to start on another MiniStack: a hook that silently no longer bites would be worse than none."""
    found = installed or _installed()
    if found != PINNED:
        raise LocalCloudError(
            f"The local cloud is built for ministack {PINNED}, and {found or 'none'} is installed. "
            f"Install the locked requirements again: pip install ministack=={PINNED}"
        )


def _installed() -> str:
    try:
        return version("ministack")
    except PackageNotFoundError:
        return ""
