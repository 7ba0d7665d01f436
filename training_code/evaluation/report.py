"""The run's report: one HTML file that needs nothing else, see page/assembly.py."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from page.assembly import Page

PAGE = Page(Path(__file__).parent / "report_page", "evaluation.json, beside the folder of this report")


def render(facts: Mapping[str, Any]) -> str:
    """facts: as report_facts makes them; ValueError where a number is not finite.

    The page has one place for what only the registration knows: the `null` of the script element with the id "run".
    """
    title = f"{facts.get('title') or 'model'}: evaluation report"
    return PAGE.render(title, {"evaluation": facts, "run": None})
