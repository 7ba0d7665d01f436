"""Everything that serves one endpoint config: its variants, the choice among them, and an end without lost requests."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from localcloud.api import ApiError
from localcloud.sagemaker.hosting.variants import INVOCATION_SECONDS, Variant

# The longest request may have to start a container first; nothing waits longer than that for a drain.
_DRAIN_SECONDS: Final = INVOCATION_SECONDS + 10.0


class Fleet:
    """`seed` makes the choice by weight repeatable."""

    def __init__(self, config_name: str, variants: Sequence[Variant], seed: str) -> None:
        self.config_name = config_name
        self.variants = tuple(variants)
        self._random = random.Random(seed)
        self._idle = threading.Condition()
        self._active = 0

    def start(self) -> None:
        """Return when every variant is up; DeploymentFailed (of one of them) otherwise."""
        with ThreadPoolExecutor(len(self.variants)) as pool:
            for started in [pool.submit(variant.start) for variant in self.variants]:
                started.result()

    def choose(self, name: str | None) -> Variant:
        """The variant of that name, or one by weight; ValidationError when no variant has the name."""
        if name is None:
            weights = [variant.spec.weight for variant in self.variants]
            return self._random.choices(self.variants, weights if any(weights) else None)[0]
        for variant in self.variants:
            if variant.spec.name == name:
                return variant
        raise ApiError("ValidationError", f"Variant {name} not found for Request")

    def enter(self) -> None:
        """A request begins. leave() must follow."""
        with self._idle:
            self._active += 1

    def leave(self) -> None:
        with self._idle:
            self._active -= 1
            self._idle.notify_all()

    def retire(self) -> None:
        """Stop when the requests under way are answered. No new one may come: take the fleet out of use first."""
        with self._idle:
            self._idle.wait_for(lambda: self._active == 0, _DRAIN_SECONDS)
        self.close()

    def close(self) -> None:
        with ThreadPoolExecutor(len(self.variants)) as pool:
            list(pool.map(lambda variant: variant.close(), self.variants))

    def abort(self) -> None:
        """Kill every process, also one that is starting in another thread; close() must follow."""
        for variant in self.variants:
            variant.abort()
