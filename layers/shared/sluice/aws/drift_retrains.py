"""Retrains for drift that were asked for: what their cooldown and their daily cap are counted on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sluice.aws.table import Item, StateTable, model_key

_REMEMBERED = timedelta(hours=720)
"""The longest cooldown."""


@dataclass(frozen=True)
class DriftRetrain:
    check_id: str
    at: datetime
    labelled_rows: int = 0
    """That its check handed it to train on."""
    until: datetime | None = None
    """The end of its check's window: the rows are of requests before."""


@dataclass(frozen=True)
class DriftRetrains:
    """Of one model. `revision` guards against two checks that are judged at once."""

    model: str
    revision: int = 0
    asked: tuple[DriftRetrain, ...] = ()
    """The oldest first."""

    def but(self, check_id: str) -> list[DriftRetrain]:
        """Without the one that this check asked for."""
        return [each for each in self.asked if each.check_id != check_id]

    def has(self, check_id: str) -> bool:
        return any(each.check_id == check_id for each in self.asked)


@dataclass(frozen=True)
class DriftRetrainRecords:
    table: StateTable

    def get(self, model: str) -> DriftRetrains:
        item = self.table.get(model_key(model), "DRIFT_RETRAINS")
        if item is None:
            return DriftRetrains(model)
        return DriftRetrains(model, int(item["revision"]), tuple(_retrain(*each) for each in item["asked"]))

    def add(self, seen: DriftRetrains, retrain: DriftRetrain) -> bool:
        """False when another check's retrain was added since the record was read: judge again."""
        kept = [each for each in seen.asked if each.at > retrain.at - _REMEMBERED]
        item: Item = {
            "pk": model_key(seen.model),
            "sk": "DRIFT_RETRAINS",
            "revision": seen.revision + 1,
            "asked": [_row(each) for each in [*kept, retrain]],
        }
        return self.table.put(item, "attribute_not_exists(pk) OR revision = :seen", {":seen": seen.revision})


def _row(retrain: DriftRetrain) -> list[str | int]:
    until = [retrain.until.isoformat()] if retrain.until else []
    return [retrain.check_id, retrain.at.isoformat(), retrain.labelled_rows, *until]


def _retrain(check_id: str, at: str, labelled_rows: Any = 0, until: str | None = None) -> DriftRetrain:
    """Older ones have no rows."""
    ended = datetime.fromisoformat(until) if until else None
    return DriftRetrain(check_id, datetime.fromisoformat(at), int(labelled_rows), ended)
