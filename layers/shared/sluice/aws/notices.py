"""The notice that an idle endpoint was given: one item per model that it serves."""

from dataclasses import dataclass
from datetime import datetime

from sluice.aws.table import StateTable, model_key


@dataclass(frozen=True)
class Notice:
    endpoint_name: str
    given_at: datetime


@dataclass(frozen=True)
class Notices:
    table: StateTable

    def get(self, model: str) -> Notice | None:
        item = self.table.get(model_key(model), "NOTICE")
        return Notice(item["endpoint_name"], datetime.fromisoformat(item["given_at"])) if item else None

    def put(self, model: str, notice: Notice) -> None:
        given_at = notice.given_at.isoformat()
        self.table.put(
            {"pk": model_key(model), "sk": "NOTICE", "endpoint_name": notice.endpoint_name, "given_at": given_at}
        )

    def remove(self, model: str) -> None:
        self.table.delete(model_key(model), "NOTICE")
