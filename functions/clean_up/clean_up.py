"""Removes what deployments left behind and nothing needs any more."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from sluice.aws.aliases import Aliases
from sluice.aws.journal import Journal
from sluice.aws.leftovers import Leftovers
from sluice.aws.objects import Objects
from sluice.aws.production import ProductionRecord, ProductionStates
from sluice.clean_up import CleanUp, Needs, Removal
from sluice.errors import TransientError


@dataclass(frozen=True)
class RemoveLeftovers:
    stage: str
    least_age: timedelta
    objects: Objects
    production: ProductionStates
    aliases: Aliases
    leftovers: Leftovers
    journal: Journal
    now: Callable[[], datetime]

    def handle(self) -> dict[str, Any]:
        """How many were removed, by kind. Raises TransientError at the end for what could not be."""
        there = self.leftovers.there()  # before the records: what is asked for meanwhile is seen
        records = [self.production.get(model) for model in self.objects.folders("models/")]
        needs = [self._needs(record) for record in records]
        rules = CleanUp(self.stage, self.now(), self.least_age)
        uses = {name: use for name in rules.kept_configs(there, needs) if (use := self.leftovers.use(name))}
        done, failed = self._remove(rules.plan(there, needs, uses))
        gone = {removal.name for removal in done if removal.kind == "endpoint"}
        serving = {endpoint.name for endpoint in there.endpoints} - gone
        for record in records:
            self._forget(record, serving)
        if failed:
            raise TransientError(f"{len(failed)} could not be removed: {'; '.join(failed)}")
        return dict(Counter(removal.kind for removal in done))

    def _needs(self, record: ProductionRecord) -> Needs:
        current = [one for one in (record.live, record.arriving, record.queued, record.trial) if one]
        alias = self.aliases.get(record.model)
        served = [record.previous] if record.previous else []
        return Needs(
            model=record.model,
            endpoint=alias.endpoint_name if alias else None,
            configs=frozenset(one.config_name for one in (*current, *served)),
            current=frozenset(one.config_name for one in current),
            is_changing=record.arriving is not None or record.queued is not None,
            retiring=tuple((one.endpoint_name, one.after) for one in record.retiring),
        )

    def _remove(self, plan: Sequence[Removal]) -> tuple[list[Removal], list[str]]:
        """One that cannot be removed keeps no other from it."""
        done: list[Removal] = []
        failed: list[str] = []
        for removal in plan:
            try:
                self.leftovers.remove(removal)
            except ClientError as error:
                failed.append(f"{removal.kind} {removal.name}: {error}")
                continue
            done.append(removal)
            if removal.kind == "endpoint":
                details = {"endpoint": removal.name}
                self.journal.record(removal.model, "ENDPOINT_REMOVED", removal.reason, details=details)
        return done, failed

    def _forget(self, record: ProductionRecord, serving: set[str]) -> None:
        """An endpoint that is gone retires no more. Did somebody else write the record, the next time does it."""
        left = tuple(one for one in record.retiring if one.endpoint_name in serving)
        if left != record.retiring:
            self.production.put(replace(record, retiring=left))
