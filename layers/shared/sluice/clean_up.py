"""What deployments leave behind, and what of it may go. Pure: what is there and what is needed in, removals out.

Needed is whatever serves, arrives, waits or served before; whatever an endpoint of the stage names or is about to; and
whatever is young, because a deployment makes its things one after the other.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sluice.naming import group_of_endpoint, model_of_endpoint, shared_endpoint_name

Kind = Literal["endpoint", "endpoint-config", "model", "alarm"]

_DEPLOYED = re.compile(r"^(?P<model>.+)-v\d+-[0-9a-f]{6}$")
"""Of naming.endpoint_config_name, without its prefix."""
_SHARED = re.compile(r"^-multi-(?P<group>.+)-[0-9a-f]{8}$")
"""Of naming.shared_config_name, likewise."""


@dataclass(frozen=True)
class Named:
    name: str
    made_at: datetime


@dataclass(frozen=True)
class ServingEndpoint:
    name: str
    config_names: frozenset[str]
    """What it serves, and what it is being updated to."""
    is_busy: bool = False
    changed_at: datetime | None = None
    """None: not known, as if it had changed just now."""


@dataclass(frozen=True)
class ConfigUse:
    """What an endpoint config names."""

    models: frozenset[str]
    variants: frozenset[str]


@dataclass(frozen=True)
class There:
    """All of a stage."""

    endpoints: tuple[ServingEndpoint, ...] = ()
    configs: tuple[Named, ...] = ()
    models: tuple[Named, ...] = ()
    alarms: tuple[Named, ...] = ()
    awaited: frozenset[str] = frozenset()
    """Shared endpoints that a model is about to come to."""


@dataclass(frozen=True)
class Needs:
    """Of one model."""

    model: str
    endpoint: str | None = None
    """Where its alias points."""
    configs: frozenset[str] = frozenset()
    """Of what serves, is tried, arrives, waits and served before."""
    current: frozenset[str] = frozenset()
    """Of these, all but what served before: their endpoints stay."""
    endpoints: frozenset[str] = frozenset()
    """That these serve from, or are about to: another config than theirs may still be on them."""
    is_changing: bool = False
    """Something arrives or waits."""
    left: str | None = None
    """The endpoint of what served before."""
    settled_at: datetime | None = None
    """When its last deployment ended."""
    retiring: tuple[tuple[str, datetime], ...] = ()
    """Endpoints that traffic has left, and from when on each may go."""


@dataclass(frozen=True)
class Removal:
    kind: Kind
    name: str
    models: tuple[str, ...]
    """Whose it was; none where nobody knows."""
    reason: str


@dataclass(frozen=True)
class CleanUp:
    stage: str
    now: datetime
    least_age: timedelta

    def kept_configs(self, there: There, needs: Sequence[Needs]) -> frozenset[str]:
        """By name, whether they exist or not."""
        serving = (name for endpoint in there.endpoints for name in endpoint.config_names)
        asked = (name for need in needs for name in need.configs)
        young = (config.name for config in there.configs if self._is_young(config))
        return frozenset((*serving, *asked, *young))

    def plan(self, there: There, needs: Sequence[Needs], uses: Mapping[str, ConfigUse]) -> tuple[Removal, ...]:
        """uses: of every kept config that exists."""
        kept = self.kept_configs(there, needs)
        return (
            *self._endpoints(there, needs),
            *self._shared_endpoints(there, needs),
            *self._configs(there, needs, kept),
            *self._models(there, needs, kept, uses),
            *self._alarms(there, needs, uses),
        )

    def _endpoints(self, there: There, needs: Sequence[Needs]) -> Iterator[Removal]:
        used = _endpoints_in_use(needs)
        current = frozenset().union(*(need.current for need in needs))
        found = {endpoint.name: endpoint for endpoint in there.endpoints}
        for need in needs:
            for name, after in need.retiring:
                endpoint = found.get(name)
                if endpoint is None or endpoint.is_busy or name in used or endpoint.config_names & current:
                    continue
                if after <= self.now:
                    found.pop(name)
                    why = f"traffic has left it, and its time was over at {after}"
                    yield Removal("endpoint", name, (need.model,), why)

    def _shared_endpoints(self, there: There, needs: Sequence[Needs]) -> Iterator[Removal]:
        """No model's record says that it retires, because another model may serve from it."""
        spoken_for = _endpoints_in_use(needs) | there.awaited | {name for need in needs for name, _ in need.retiring}
        for endpoint in there.endpoints:
            if group_of_endpoint(self.stage, endpoint.name) is None or endpoint.is_busy:
                continue
            left = [need for need in needs if need.left == endpoint.name]
            changes = (endpoint.changed_at or self.now, *(need.settled_at for need in left if need.settled_at))
            if endpoint.name not in spoken_for and self.now - max(changes) >= self.least_age:
                models = tuple(need.model for need in left)
                yield Removal("endpoint", endpoint.name, models, "no model is served from it any more")

    def _configs(self, there: There, needs: Sequence[Needs], kept: frozenset[str]) -> Iterator[Removal]:
        for config in there.configs:
            if config.name not in kept and (models := self._whose(config.name, there, needs)) is not None:
                why = "no endpoint names it, and nothing goes back to it"
                yield Removal("endpoint-config", config.name, models, why)

    def _models(
        self, there: There, needs: Sequence[Needs], kept: frozenset[str], uses: Mapping[str, ConfigUse]
    ) -> Iterator[Removal]:
        used = kept.union(*(use.models for use in uses.values()))
        for found in there.models:
            models = self._whose(found.name, there, needs)
            if models is not None and found.name not in used and not self._is_young(found):
                yield Removal("model", found.name, models, "no endpoint config that is needed names it")

    def _alarms(self, there: There, needs: Sequence[Needs], uses: Mapping[str, ConfigUse]) -> Iterator[Removal]:
        changing = {need.model for need in needs if need.is_changing}
        wanted = {need.model: _variants(uses, need.configs) for need in needs}
        endpoints = {endpoint.name: endpoint for endpoint in there.endpoints}
        for alarm in there.alarms:
            endpoint, _, rest = alarm.name.partition("/")
            model = model_of_endpoint(self.stage, endpoint)
            if not rest or model not in wanted or model in changing or self._is_young(alarm):
                continue
            variant = rest.partition("/")[0]
            serving = endpoints.get(endpoint)
            if serving is None:
                yield Removal("alarm", alarm.name, (str(model),), "its endpoint is gone")
            elif (
                not any(_has(uses, config, variant) for config in serving.config_names) and variant not in wanted[model]
            ):
                yield Removal("alarm", alarm.name, (str(model),), "its variant is gone")

    def _whose(self, name: str, there: There, needs: Sequence[Needs]) -> tuple[str, ...] | None:
        """The models that a deployment of ours made a config or model for; None for whatever else has such a name.

        What a shared endpoint serves is named by its content, so an old name may be wanted at any moment, and stays
        for as long as the endpoint does.
        """
        prefix = f"sluice-{self.stage}-"
        rest = name.removeprefix(prefix) if name.startswith(prefix) else ""
        if shared := _SHARED.match(rest):
            endpoint = shared_endpoint_name(self.stage, shared["group"])
            stays = endpoint in there.awaited or any(found.name == endpoint for found in there.endpoints)
            return None if stays or endpoint in _endpoints_in_use(needs) else ()
        match = _DEPLOYED.match(rest)
        return (match["model"],) if match and match["model"] in {need.model for need in needs} else None

    def _is_young(self, found: Named) -> bool:
        return self.now - found.made_at < self.least_age


def _endpoints_in_use(needs: Sequence[Needs]) -> set[str]:
    aimed_at = {need.endpoint for need in needs if need.endpoint}
    return aimed_at.union(*(need.endpoints for need in needs))


def _has(uses: Mapping[str, ConfigUse], config: str, variant: str) -> bool:
    """What is not known to lack the variant has it."""
    return config not in uses or variant in uses[config].variants


def _variants(uses: Mapping[str, ConfigUse], configs: frozenset[str]) -> frozenset[str]:
    """Of what may be gone back to: its alarms are ready."""
    return frozenset(variant for config in configs if config in uses for variant in uses[config].variants)
