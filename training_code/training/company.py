"""Several hosts that train one model: XGBoost's own collective among them, and what happens when one is lost."""

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.hosts import Cluster
from cluster.meeting import LostHost, Meeting, meeting
from job import MESSAGE_LIMIT
from lean_xgboost import xgboost

# XGBoost's limit for one collective call, seconds: the meeting notices a lost host, so that a slow one may take long.
_COLLECTIVE_TIMEOUT = 24 * 3600
# A collective call that fails says that some host is gone; the meeting says which, as soon as it hears, seconds.
_NAMING = 10.0
# XGBoost names the source file that an error comes from; this folder's are about other hosts.
_OF_OTHERS = "/collective/"


@contextmanager
def company(cluster: Cluster, failure_file: Path) -> Iterator[Meeting]:
    """The meeting of all hosts, in which XGBoost trains one model. Alone: neither a socket nor a thread.

    When a host is lost this process ends, whatever it is doing: a collective call that waits for the lost host cannot
    be interrupted. The failure file then names it.
    """
    if cluster.size == 1:
        with meeting(cluster) as here:
            yield here
        return

    def end(loss: LostHost) -> None:
        print(loss, file=sys.stderr, flush=True)
        failure_file.parent.mkdir(parents=True, exist_ok=True)
        failure_file.write_text(str(loss)[:MESSAGE_LIMIT], encoding="utf-8")
        os._exit(1)

    with meeting(cluster, on_loss=end) as here:
        yield here


@contextmanager
def collective(cluster: Cluster, here: Meeting) -> Iterator[None]:
    """What XGBoost does inside, it does together with the other hosts."""
    if cluster.size == 1:
        yield
        return
    tracker = _start_tracker(cluster) if cluster.is_first else None
    arguments = json.loads(here.gather(json.dumps(tracker.worker_args() if tracker else {}).encode())[0])
    arguments |= {"dmlc_task_id": f"{cluster.rank:04d}", "dmlc_timeout": _COLLECTIVE_TIMEOUT}
    # XGBoost's own context finds NCCL for GPUs; but on a failure it would wait for the lost host to say goodbye.
    xgboost.collective.init(**xgboost.collective.CommunicatorContext(**arguments).args)
    try:
        yield
    except xgboost.core.XGBoostError as error:
        if _OF_OTHERS in str(error):
            # The meeting ends this process meanwhile, and names the host that was lost.
            threading.Event().wait(_NAMING)
        raise
    xgboost.collective.finalize()
    if tracker:
        tracker.wait_for()


def _start_tracker(cluster: Cluster) -> Any:
    address = socket.gethostbyname(cluster.current)
    tracker = xgboost.RabitTracker(n_workers=cluster.size, host_ip=address, sortby="task")
    tracker.start()
    return tracker
