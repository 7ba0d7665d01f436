"""Opens a page in the person's browser, where there is one."""

import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path


def open_page(
    page: Path,
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    opener: Callable[[str], bool] = webbrowser.open,
) -> bool:
    """False where nothing opens: no screen, or no browser."""
    if not _has_screen(environment, platform):
        return False
    try:
        return opener(page.resolve().as_uri())
    except webbrowser.Error:
        return False


def _has_screen(environment: Mapping[str, str], platform: str) -> bool:
    """Without one, webbrowser would start a text browser in this terminal, which shows nothing of a chart."""
    if platform == "darwin":
        return "SSH_CONNECTION" not in environment
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
