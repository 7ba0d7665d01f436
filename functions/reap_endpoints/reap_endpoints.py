"""Endpoints that nobody asks are announced, and removed later; whoever needs one deploys its version again."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sluice.alias import Alias
from sluice.aws.aliases import Aliases
from sluice.aws.endpoints import Endpoint, Endpoints
from sluice.aws.journal import Journal
from sluice.aws.leftovers import Leftovers
from sluice.aws.notices import Notice, Notices
from sluice.aws.production import ProductionStates
from sluice.aws.shared_endpoints import SharedEndpoints
from sluice.aws.variant_metrics import VariantMetrics
from sluice.errors import TransientError
from sluice.idleness import Idleness, IdleRule, next_step, since
from sluice.naming import belongs_to


@dataclass(frozen=True)
class ReapEndpoints:
    stage: str
    rule: IdleRule
    production: ProductionStates
    aliases: Aliases
    endpoints: Endpoints
    shared: SharedEndpoints
    leftovers: Leftovers
    metrics: VariantMetrics
    notices: Notices
    journal: Journal
    now: Callable[[], datetime]

    def handle(self) -> dict[str, Any]:
        """How many endpoints there are, by what was done with them."""
        served: dict[str, list[Alias]] = defaultdict(list)
        for alias in self.aliases.all():
            if belongs_to(self.stage, alias.endpoint_name):  # another's is not ours to look at, or to end
                served[alias.endpoint_name].append(alias)
        return dict(Counter(self._look_at(endpoint, aliases) for endpoint, aliases in served.items()))

    def _look_at(self, name: str, aliases: Sequence[Alias]) -> str:
        """An endpoint that several models share is idle when nobody asks for any of them."""
        models = [alias.model for alias in aliases]
        endpoint, notice = self.endpoints.describe(name), self._notice(name, models)
        if endpoint is None:
            if notice is None:
                return "missing"  # nothing that this did
            if self._is_changing(name, models):
                return "leave"  # asked for again already: what arrives moves the alias
            self._end(name, aliases, notice, f"{name} was removed: nobody asked it")  # cut off half-way
            return "reap"
        if endpoint.status != "InService":
            return "leave"
        found = self._judge(endpoint, notice)
        if self._is_changing(name, models):  # looked at last, so that little can begin before the deletion
            return "leave"
        self._act(name, aliases, notice, found)
        return found.step

    def _judge(self, endpoint: Endpoint, notice: Notice | None) -> Idleness:
        now, noticed_at = self.now(), notice.given_at if notice else None
        start = since(self.rule, now, noticed_at)
        asked = self.metrics.invocations(endpoint.name, endpoint.variants, start, now)
        waiting = self.metrics.largest_backlog(endpoint.name, start, now)
        return next_step(
            self.rule, now, changed_at=endpoint.last_modified, noticed_at=noticed_at, is_asked=bool(asked or waiting)
        )

    def _act(self, name: str, aliases: Sequence[Alias], notice: Notice | None, found: Idleness) -> None:
        if found.step == "warn":
            self._warn(name, aliases, found.reason)
        elif found.step == "withdraw":
            for alias in aliases:
                self.notices.remove(alias.model)
        elif found.step == "reap" and notice is not None:
            self._end(name, aliases, notice, f"{name} was removed: {found.reason}")

    def _notice(self, name: str, models: Sequence[str]) -> Notice | None:
        """The newest; None unless it was given for every model that the endpoint serves."""
        found = [notice for model in models if (notice := self.notices.get(model)) and notice.endpoint_name == name]
        return max(found, key=lambda notice: notice.given_at) if len(found) == len(models) else None

    def _is_changing(self, name: str, models: Sequence[str]) -> bool:
        """Also by a model that is about to come to the endpoint for the first time."""
        records = (self.production.get(model) for model in {*models, *self.shared.waiting(name)})
        return any(record.arriving or record.queued for record in records)

    def _warn(self, name: str, aliases: Sequence[Alias], reason: str) -> None:
        """Told before it is written down: nothing is removed that nobody was told about."""
        notice = Notice(name, self.now())
        for alias in aliases:
            why = f"{name} is idle: {reason}. A request keeps it."
            self.journal.announce(alias.model, "ENDPOINT_IDLE", why, details={"endpoint": name})
            self.notices.put(alias.model, notice)

    def _end(self, name: str, aliases: Sequence[Alias], notice: Notice, why: str) -> None:
        """Each step may be repeated. A deletion that fails changes nothing; alias and notice go last, to lead here."""
        self.leftovers.remove_endpoint(name)
        for alias in aliases:
            self._leave_production(alias.model)
        for alias in aliases:
            back = f"{why}. sluice traffic {alias.model} --set v{alias.version}=100 brings it back."
            once = f"{name}#{notice.given_at.isoformat()}"
            self.journal.announce(alias.model, "ENDPOINT_REAPED", back, details={"endpoint": name}, once=once)
            self.aliases.remove(alias.model)
            self.notices.remove(alias.model)

    def _leave_production(self, model: str) -> None:
        """What served is what served before: an approval, or traffic, brings it back."""
        record = self.production.get(model)
        if record.live is None:
            return
        if record.arriving or record.queued:
            raise TransientError(f"something was asked for {model} meanwhile: what arrives ends this")
        self.production.save(record.without_live())
