"""The canonical events of `events/`, read by every test that needs one."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def load_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event
