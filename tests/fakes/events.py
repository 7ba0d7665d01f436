"""The event bus in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakeBus:
    put_in: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def put(self, detail_type: str, detail: Mapping[str, Any]) -> str:
        self.put_in.append((detail_type, detail))
        return str(len(self.put_in))
