"""Schedules that watch what serves nobody any more go; what serves and is not watched as it should be is looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sluice.aws.event_bus import EventBus
from sluice.aws.journal import Journal
from sluice.aws.model_monitor import ModelMonitor
from sluice.aws.production import ProductionRecord
from sluice.aws.schedules import Schedules
from sluice.aws.watched import Watched, WatchedModels
from sluice.naming import model_of_schedule, schedule_name


@dataclass(frozen=True)
class Scheduled:
    """The models that have schedules, by engine."""

    by_us: frozenset[str]
    by_model_monitor: frozenset[str]


@dataclass(frozen=True)
class Watches:
    stage: str
    schedules: Schedules
    model_monitor: ModelMonitor
    watched: WatchedModels
    bus: EventBus
    journal: Journal

    def scheduled(self) -> Scheduled:
        """To be asked before the production records: what comes to serve meanwhile is seen in them."""
        ours = (model_of_schedule(self.stage, name) for name in self.schedules.names())
        return Scheduled(frozenset(model for model in ours if model), frozenset(self.model_monitor.models()))

    def mend(self, scheduled: Scheduled, records: Sequence[ProductionRecord], endpoints: set[str]) -> list[str]:
        """The models whose schedules were removed. endpoints: that exist."""
        of = {record.model: record for record in records}
        removed = sorted(self._sweep(scheduled, of))
        for record in records:
            live = record.live
            if live is None or record.arriving or record.queued or live.endpoint_name not in endpoints:
                continue
            known = self.watched.get(record.model)
            if known is None or known.config_name != live.config_name:
                self._have_watched(record.model)
            elif _is_missing(known, scheduled):
                self.watched.put(replace(known, config_name=""))
                self._have_watched(record.model)
        return removed

    def _sweep(self, scheduled: Scheduled, records: dict[str, ProductionRecord]) -> Iterator[str]:
        for model in scheduled.by_us | scheduled.by_model_monitor:
            record, known = records.get(model), self.watched.get(model)
            live = record.live if record else None
            if live is not None and (known is None or known.config_name != live.config_name):
                continue  # it is being changed, or will be
            engine = known.engine if known and live else "none"
            ours = model in scheduled.by_us and engine != "scheduled-job"
            theirs = model in scheduled.by_model_monitor and engine != "model-monitor"
            if ours:
                self.schedules.delete(schedule_name(self.stage, model))
            if theirs:
                self.model_monitor.remove(model)
            if live is None and known is not None and known.engine != "none":
                why = "nothing is live any more"
                self.journal.record(model, "MONITORING_STOPPED", why)
                self.watched.put(replace(known, config_name="", engine="none", reason=why))
            if ours or theirs:
                yield model

    def _have_watched(self, model: str) -> None:
        """ActivateEndpoint alone makes schedules."""
        self.bus.put("Endpoint Ready", {"stage": self.stage, "model": model})


def _is_missing(known: Watched, scheduled: Scheduled) -> bool:
    if known.engine == "none":
        return known.wanted != "none"  # RunMonitor stopped it while the endpoint was gone
    there = {"scheduled-job": scheduled.by_us, "model-monitor": scheduled.by_model_monitor}
    return known.engine in there and known.model not in there[known.engine]
