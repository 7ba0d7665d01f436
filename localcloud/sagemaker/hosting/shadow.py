"""A variant and its shadow: the shadow gets copies of the requests, and nobody waits for its answers.

Which share it gets follows its weight relative to the production variant's: equal weights copy every request, half the
weight every second one on average; a larger weight copies no more than all.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from localcloud.api import ApiError
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.variants import (
    InstanceVariant,
    Invocation,
    MakeServer,
    VariantSpec,
)

_log = logging.getLogger(__name__)

# Copies under way or waiting, of all endpoints: a shadow that is slower than its traffic must not eat the memory.
MAX_COPIES: Final = 256
_THREADS: Final = 16
_SAY_EVERY: Final = 1000


class ShadowedVariant(InstanceVariant):
    """The production variant; `shadow` starts and ends with it."""

    def __init__(self, spec: VariantSpec, shadow: VariantSpec, make_server: MakeServer, count: int | None) -> None:
        super().__init__(spec, make_server, count)
        self.shadow = InstanceVariant(shadow, make_server)

    def start(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            started = pool.submit(self.shadow.start)
            super().start()
            started.result()

    def abort(self) -> None:
        self.shadow.abort()
        super().abort()

    def close(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            closed = pool.submit(self.shadow.close)
            super().close()
            closed.result()


class ShadowTraffic:
    """`send` never blocks. A copy that finds too many others before it is left out, and the log says so."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._pool = ThreadPoolExecutor(_THREADS, "shadow")
        self._lock = threading.Lock()
        self._under_way = self._left_out = 0

    @property
    def under_way(self) -> int:
        return self._under_way

    def send(
        self,
        fleet: Fleet,
        variant: ShadowedVariant,
        headers: Mapping[str, str],
        body: bytes,
        then: Callable[[Invocation], None],
    ) -> None:
        """`then` gets the shadow's answer, in another thread. `fleet` must be kept from ending by the caller: the copy
        keeps it from there on."""
        if self._random.random() >= share(variant.spec.weight, variant.shadow.spec.weight):
            return
        if not self._place(variant.shadow.spec.name):
            return
        fleet.enter()
        try:
            self._pool.submit(self._ask, fleet, variant.shadow, headers, body, then)
        except RuntimeError:  # closed
            self._done(fleet)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(
        self,
        fleet: Fleet,
        shadow: InstanceVariant,
        headers: Mapping[str, str],
        body: bytes,
        then: Callable[[Invocation], None],
    ) -> None:
        try:
            then(shadow.invoke(headers, body))
        except ApiError as error:
            _log.info("shadow variant %s: %s", shadow.spec.name, error)
        except Exception:  # the thread's edge: nobody above would see it
            _log.exception("A copy for shadow variant %s broke", shadow.spec.name)
        finally:
            self._done(fleet)

    def _place(self, shadow: str) -> bool:
        with self._lock:
            if self._under_way < MAX_COPIES:
                self._under_way += 1
                return True
            self._left_out += 1
            if self._left_out % _SAY_EVERY == 1:
                _log.warning("shadow variant %s is too slow: copies are left out (%d)", shadow, self._left_out)
            return False

    def _done(self, fleet: Fleet) -> None:
        fleet.leave()
        with self._lock:
            self._under_way -= 1


def share(production_weight: float, shadow_weight: float) -> float:
    if production_weight <= 0:
        return 1.0 if shadow_weight > 0 else 0.0
    return min(1.0, shadow_weight / production_weight)
