"""Where a model's requests go: by its alias, or, where nothing was deployed with one yet, by the endpoint's name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sluice.alias import Alias
from sluice.definition.deployment import Mode
from sluice.naming import endpoint_name

_OWN_ENDPOINTS: tuple[Mode, ...] = ("serverless", "real-time", "asynchronous")


@dataclass(frozen=True)
class Route:
    """version: the champion's, and variants: the version behind each, where an alias says them."""

    endpoint_name: str
    mode: Mode
    target_model: str | None = None
    version: int | None = None
    variants: Mapping[str, int] = field(default_factory=dict)


def route_of(alias: Alias) -> Route:
    return Route(alias.endpoint_name, alias.mode, alias.target_model, alias.version, alias.variants)


def routes_by_name(stage: str, model: str) -> Iterator[Route]:
    """The endpoints that a model without an alias may have."""
    for mode in _OWN_ENDPOINTS:
        yield Route(endpoint_name(stage, model, mode), mode)
