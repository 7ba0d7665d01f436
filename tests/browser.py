"""A real browser for tests: Chromium as the machine has it, steered by Playwright, which downloads none here."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET = "no Chromium on PATH: apt-get install chromium (Debian), or install Google Chrome"


def chromium() -> str:
    """Its path. Without one a test is skipped; in CI it fails, where a skipped test would be taken for a passed one."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(HOW_TO_GET, pytrace=False)
    pytest.skip(HOW_TO_GET)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """It ends with the block: its event loop would stand in the way of other tests'."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser
        browser.close()


@dataclass
class OpenPage:
    """A page and what it did that a good page does not do."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Of the console, and uncaught errors."""
    requested: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def evaluate(self, script: str) -> Any:
        return self.page.evaluate(script)


@contextmanager
def open_page(browser: Browser, file: Path, width: int = 1280, colours: Any = "light") -> Iterator[OpenPage]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
    opened = OpenPage(context.new_page())
    opened.page.on("console", lambda message: opened.complaints.append(f"{message.type}: {message.text}"))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("request", lambda request: opened.requested.append(request.url))
    opened.page.on("dialog", lambda dialog: (opened.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    opened.page.goto(file.as_uri())
    yield opened
    context.close()
