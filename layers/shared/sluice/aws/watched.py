"""How a model's production is watched now: what its schedules were last made for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sluice.aws.table import Item, StateTable, model_key

Watcher = Literal["scheduled-job", "model-monitor", "none"]


@dataclass(frozen=True)
class Watched:
    """config_name: of the live deployment that it was made for; "" where it is to be looked at again."""

    model: str
    config_name: str
    endpoint_name: str
    version: int
    since: datetime
    """When that version came to serve there: what was captured before was another deployment's."""
    engine: Watcher
    """In force."""
    wanted: Watcher
    """By the version's definition."""
    reason: str = ""
    """Why they differ, or why nothing is watched."""


@dataclass(frozen=True)
class WatchedModels:
    table: StateTable
    now: Callable[[], datetime]

    def get(self, model: str) -> Watched | None:
        item = self.table.get(model_key(model), "MONITORING")
        return _watched(model, item) if item else None

    def put(self, watched: Watched) -> None:
        self.table.put(
            {
                "pk": model_key(watched.model),
                "sk": "MONITORING",
                "config_name": watched.config_name,
                "endpoint_name": watched.endpoint_name,
                "version": watched.version,
                "since": watched.since.isoformat(),
                "engine": watched.engine,
                "wanted": watched.wanted,
                "reason": watched.reason,
                "changed_at": self.now().isoformat(timespec="seconds"),
            }
        )


def _watched(model: str, item: Item) -> Watched:
    return Watched(
        model=model,
        config_name=item["config_name"],
        endpoint_name=item["endpoint_name"],
        version=int(item["version"]),
        since=datetime.fromisoformat(item["since"]),
        engine=item["engine"],
        wanted=item["wanted"],
        reason=item["reason"],
    )
