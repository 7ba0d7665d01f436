"""Retrains for drift that were asked for: what their cooldown and their daily cap are counted on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sluice.aws.table import Item, StateTable, model_key

_REMEMBERED = timedelta(hours=720)
"""The longest cooldown."""


@dataclass(frozen=True)
class DriftRetrains:
    """Of one model. `revision` guards against two checks that are judged at once."""

    model: str
    revision: int = 0
    asked: tuple[tuple[str, datetime], ...] = ()
    """(check, when), the oldest first."""

    def at(self, but: str) -> list[datetime]:
        """When they were asked for, without the one that the check `but` asked for."""
        return [when for check_id, when in self.asked if check_id != but]

    def has(self, check_id: str) -> bool:
        return any(each == check_id for each, _ in self.asked)


@dataclass(frozen=True)
class DriftRetrainRecords:
    table: StateTable

    def get(self, model: str) -> DriftRetrains:
        item = self.table.get(model_key(model), "DRIFT_RETRAINS")
        if item is None:
            return DriftRetrains(model)
        asked = tuple((check_id, datetime.fromisoformat(when)) for check_id, when in item["asked"])
        return DriftRetrains(model, int(item["revision"]), asked)

    def add(self, seen: DriftRetrains, check_id: str, now: datetime) -> bool:
        """False when another check's retrain was added since the record was read: judge again."""
        kept = [(each, when) for each, when in seen.asked if when > now - _REMEMBERED]
        item: Item = {
            "pk": model_key(seen.model),
            "sk": "DRIFT_RETRAINS",
            "revision": seen.revision + 1,
            "asked": [[each, when.isoformat()] for each, when in [*kept, (check_id, now)]],
        }
        return self.table.put(item, "attribute_not_exists(pk) OR revision = :seen", {":seen": seen.revision})
