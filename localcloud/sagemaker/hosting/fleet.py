"""Everything that serves one endpoint config: its variants, the choice among them, and an end without lost requests."""

import random
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from localcloud.api import ApiError
from localcloud.sagemaker.hosting.variants import DRAIN_SECONDS, Variant


class Fleet:
    """`seed` makes the choice by weight repeatable."""

    def __init__(self, config_name: str, variants: Sequence[Variant], seed: str) -> None:
        self.config_name = config_name
        self.variants = tuple(variants)
        self._weights = {variant.spec.name: variant.spec.weight for variant in variants}
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
            weights = list(self._weights.values())
            return self._random.choices(self.variants, weights if any(weights) else None)[0]
        variant = self.find(name)
        if variant is None:
            raise ApiError("ValidationError", f"Variant {name} not found for Request")
        return variant

    def find(self, name: str) -> Variant | None:
        return next((variant for variant in self.variants if variant.spec.name == name), None)

    def weights(self) -> dict[str, float]:
        """By variant: how the traffic is shared out now."""
        return dict(self._weights)

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """Of some of the variants or of all; it counts from the next request."""
        self._weights = self._weights | dict(weights)

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
            self._idle.wait_for(lambda: self._active == 0, DRAIN_SECONDS)
        self.close()

    def close(self) -> None:
        with ThreadPoolExecutor(len(self.variants)) as pool:
            list(pool.map(lambda variant: variant.close(), self.variants))

    def abort(self) -> None:
        """Kill every process, also one that is starting in another thread; close() must follow."""
        for variant in self.variants:
            variant.abort()
