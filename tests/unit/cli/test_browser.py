import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.browser import open_page

PAGE = Path("/tmp/a folder/report.html")


def opening(answer: bool = True) -> tuple[Callable[[str], bool], list[str]]:
    opened: list[str] = []

    def opener(url: str) -> bool:
        opened.append(url)
        return answer

    return opener, opened


@pytest.mark.parametrize(
    ("environment", "platform", "opens"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "firefox"}, "linux", True),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "darwin", False),
    ],
)
def test_a_page_is_opened_where_there_is_a_screen(environment: dict[str, str], platform: str, opens: bool) -> None:
    opener, opened = opening()
    assert open_page(PAGE, environment, platform, opener) is opens
    assert opened == (["file:///tmp/a%20folder/report.html"] if opens else [])


def test_no_browser_is_no_error() -> None:
    def fails(url: str) -> bool:
        raise webbrowser.Error("could not locate runnable browser")

    assert open_page(PAGE, {"DISPLAY": ":0"}, "linux", fails) is False
    assert open_page(PAGE, {"DISPLAY": ":0"}, "linux", opening(answer=False)[0]) is False
