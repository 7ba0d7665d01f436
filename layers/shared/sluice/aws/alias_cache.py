"""Aliases, kept for some seconds: a request should not wait for Parameter Store, nor use up its 40 reads a second."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sluice.alias import Alias

FRESH_SECONDS = 10.0
"""How late a request may notice that an alias moved. The endpoint that it left stays for the grace time, an hour."""

_log = logging.getLogger(__name__)


class AliasSource(Protocol):
    def get(self, model: str) -> Alias | None: ...


@dataclass(frozen=True)
class CachedAliases:
    """`clock`: seconds that only grow. What is not there is asked for each time: a first deployment shows at once."""

    source: AliasSource
    clock: Callable[[], float]
    _kept: dict[str, tuple[float, Alias]] = field(default_factory=dict)

    def get(self, model: str) -> Alias | None:
        kept = self._kept.get(model)
        if kept and self.clock() - kept[0] < FRESH_SECONDS:
            return kept[1]
        try:
            found = self.source.get(model)
        except (BotoCoreError, ClientError) as error:
            if kept is None:
                raise
            _log.warning("the alias of %s cannot be read, the last one known serves: %s", model, error)
            found = kept[1]
        return self._keep(model, found)

    def reread(self, model: str) -> Alias | None:
        """What the alias is now, whatever was kept."""
        self._kept.pop(model, None)
        return self.get(model)

    def _keep(self, model: str, found: Alias | None) -> Alias | None:
        self._kept.pop(model, None)
        if found:
            self._kept[model] = (self.clock(), found)
        return found
