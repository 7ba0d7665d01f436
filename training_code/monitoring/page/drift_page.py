"""What a check of production found, as one HTML file that needs nothing else, see page/assembly.py."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from page.assembly import Page

PAGE = Page(Path(__file__).parent, "drift.json, beside this page")


def render(findings: Mapping[str, Any]) -> str:
    """findings: drift.json's, as findings.py makes them; ValueError where a number is not finite."""
    title = f"{findings.get('model') or 'model'}: check of production"
    return PAGE.render(title, {"findings": findings})
