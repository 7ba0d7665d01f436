"""The run's report.html: the evaluate step leaves a place in it for what is known once a version is registered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.errors import DefectError

_BEGIN = '<script type="application/json" id="run">'
_END = "</script>"
_EMPTY = "null"


@dataclass(frozen=True)
class ReportPage:
    """The page around its place for the run's facts."""

    before: str
    after: str

    @classmethod
    def parse(cls, html: str, where: str) -> "ReportPage":
        """The place may be filled already, by a call that was repeated. Raises DefectError where there is none."""
        before, begin, rest = html.partition(_BEGIN)
        _, end, after = rest.partition(_END)
        if not begin or not end or _BEGIN in after:
            count = html.count(_BEGIN)
            raise DefectError(f"{where} has {count} places {_BEGIN}{_EMPTY}{_END} for the run's facts; it needs one")
        return cls(before + begin, end + after)

    def filled(self, facts: Mapping[str, Any]) -> str:
        """Without `<` in the facts, which could end the script or begin another."""
        text = json.dumps(facts, allow_nan=False).replace("<", "\\u003c")
        return f"{self.before}{text}{self.after}"
