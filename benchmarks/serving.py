"""The process behind an endpoint beside MLServer, BentoML and a bare app: one row over HTTP, the model the same."""

import json
import socket
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import servers
from benchmarks.data import Customers
from benchmarks.inference import train
from benchmarks.processes import run, side
from benchmarks.results import Row
from benchmarks.servers import BARE, BENTOML, MLSERVER, OURS, Side

REQUESTS, WARMING = 2000, 300
CONNECTIONS = (1, 8)
FASTER, BARE_SHARE = 2.0, 2.0
BARE_IS = "an ASGI app under uvicorn around inplace_predict, given numbers"
WHY = (
    "ours turns texts into numbers and writes the answer in the form that was asked for; the others are given numbers."
)

Rates = dict[int, float]
"""Requests a second, by connections."""


def rows(_data: Customers | None, folder: Path, rounds: int) -> list[Row]:
    """Each side runs alone, all of them in each round: a server that waits is not always idle."""
    work = folder / "serving"
    trained = train(work)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        mine = servers.ours(trained, listener.fileno(), listener.getsockname()[1])
        compared = [mine, *servers.others(trained, work)]
        found = [{one.name: _measure(one, work) for one in compared} for _ in range(rounds)]
    for taken in found:
        _check({name: score for name, (score, _) in taken.items()})
    rates = {
        one.name: {count: median(taken[one.name][1][count] for taken in found) for count in CONNECTIONS}
        for one in compared
    }
    return [row for count in CONNECTIONS for row in _rows(count, {name: found[count] for name, found in rates.items()})]


def _rows(count: int, rates: dict[str, float]) -> list[Row]:
    """Microseconds a request: of all connections together, so half as many where two are answered at a time."""
    better, worse = sorted((MLSERVER, BENTOML), key=lambda name: rates[name], reverse=True)
    name = f"serving, 1 row, {count} connection{'s' * (count > 1)}"
    ours = 1e6 / rates[OURS]
    other_is = f"{better}; {worse} takes {1e6 / rates[worse]:,.0f}"
    return [
        Row(name, ours, 1e6 / rates[better], other_is, "µs a request", FASTER, why=WHY),
        Row(f"{name}: share of a bare app", ours, 1e6 / rates[BARE], BARE_IS, "µs a request", BARE_SHARE, True, WHY),
    ]


def _measure(compared: Side, folder: Path) -> tuple[float, Rates]:
    """The score that the server gives, and its rates."""
    request = folder / "request.http"
    request.write_bytes(compared.request.to_bytes())
    found: Rates = {}
    with servers.running(compared, folder):
        for count in CONNECTIONS:
            usage = run(side("load", f"127.0.0.1:{compared.port}", request, count, REQUESTS, WARMING))
            report: dict[str, Any] = json.loads(usage.output.splitlines()[-1])
            found[count] = report["requests_per_second"]
    return compared.score(report["answer"]), found


def _check(scores: dict[str, float]) -> None:
    """All sides give the same score, or there is nothing to compare. Some write its nine digits, some the double."""
    if any(abs(score - scores[OURS]) > 1e-8 for score in scores.values()):
        raise SystemExit(f"the sides do not give the same scores: {scores}")
