"""What DeployModel answers where there is nothing to do."""

from typing import Any


def ignored(reason: str) -> dict[str, Any]:
    return {"outcome": "ignored", "reason": reason}
