"""Removes what deployments left behind and nothing needs any more, and has those looked at that do not get on."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from functions.clean_up.watches import Watches
from sluice.alias import Alias
from sluice.aws.aliases import Aliases
from sluice.aws.event_bus import EventBus
from sluice.aws.journal import Journal
from sluice.aws.leftovers import Leftovers
from sluice.aws.production import ProductionRecord, ProductionStates
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.aws.table import StateTable
from sluice.clean_up import CleanUp, Needs, Removal, There
from sluice.errors import TransientError
from sluice.naming import group_of_endpoint


@dataclass(frozen=True)
class RemoveLeftovers:
    stage: str
    least_age: timedelta
    late_after: timedelta
    """A deployment that was asked for so long ago is looked at, whether an event tells of it or not."""
    table: StateTable
    production: ProductionStates
    aliases: Aliases
    leftovers: Leftovers
    shared: SharedEndpoints
    watches: Watches
    bus: EventBus
    journal: Journal
    now: Callable[[], datetime]

    def handle(self) -> dict[str, Any]:
        """How many were removed, by kind. Raises TransientError at the end for what could not be."""
        scheduled = self.watches.scheduled()
        there = self.leftovers.there()  # before the records: what is asked for meanwhile is seen
        aliases = {alias.model: alias for alias in self.aliases.all()}
        there = self._with_awaited(there)
        records = [self.production.get(model) for model in sorted({*self.table.models_with("PRODUCTION"), *aliases})]
        needs = [_needs(record, aliases) for record in records]
        rules = CleanUp(self.stage, self.now(), self.least_age)
        uses = {name: use for name in rules.kept_configs(there, needs) if (use := self.leftovers.use(name))}
        done, failed = self._remove(rules.plan(there, needs, uses))
        gone = {removal.name for removal in done if removal.kind == "endpoint"}
        serving = {endpoint.name for endpoint in there.endpoints} - gone
        for record in records:
            self._forget(record, serving)
        self._have_looked_at(records)
        unwatched = self.watches.mend(scheduled, records, serving)
        if failed:
            raise TransientError(f"{len(failed)} could not be removed: {'; '.join(failed)}")
        return {**Counter(removal.kind for removal in done), **({"schedules": len(unwatched)} if unwatched else {})}

    def _with_awaited(self, there: There) -> There:
        names = (endpoint.name for endpoint in there.endpoints if group_of_endpoint(self.stage, endpoint.name))
        return replace(there, awaited=frozenset(name for name in names if self.shared.waiting(name)))

    def _have_looked_at(self, records: Sequence[ProductionRecord]) -> None:
        """An event of its endpoint moves a deployment on. One that was lost, or came to nothing, comes again."""
        late = self.now() - self.late_after
        for record in records:
            if any(one.requested_at < late for one in (record.arriving, record.queued) if one):
                self.bus.put("Endpoint Ready", {"stage": self.stage, "model": record.model})

    def _remove(self, plan: Sequence[Removal]) -> tuple[list[Removal], list[str]]:
        """One that cannot be removed keeps no other from it."""
        done: list[Removal] = []
        failed: list[str] = []
        for removal in plan:
            try:
                self.leftovers.remove(removal)
            except (ClientError, TransientError) as error:
                failed.append(f"{removal.kind} {removal.name}: {error}")
                continue
            done.append(removal)
            if removal.kind == "endpoint":
                for model in removal.models:
                    details = {"endpoint": removal.name}
                    self.journal.record(model, "ENDPOINT_REMOVED", removal.reason, details=details)
        return done, failed

    def _forget(self, record: ProductionRecord, serving: set[str]) -> None:
        """An endpoint that is gone retires no more. Did somebody else write the record, the next time does it."""
        left = tuple(one for one in record.retiring if one.endpoint_name in serving)
        if left != record.retiring:
            self.production.put(replace(record, retiring=left))


def _needs(record: ProductionRecord, aliases: Mapping[str, Alias]) -> Needs:
    current = [one for one in (record.live, record.arriving, record.queued, record.trial) if one]
    alias = aliases.get(record.model)
    served = [record.previous] if record.previous else []
    return Needs(
        model=record.model,
        endpoint=alias.endpoint_name if alias else None,
        configs=frozenset(one.config_name for one in (*current, *served)),
        current=frozenset(one.config_name for one in current),
        endpoints=frozenset(one.endpoint_name for one in current),
        is_changing=record.arriving is not None or record.queued is not None,
        left=record.previous.endpoint_name if record.previous else None,
        settled_at=record.settled_at,
        retiring=tuple((one.endpoint_name, one.after) for one in record.retiring),
    )
