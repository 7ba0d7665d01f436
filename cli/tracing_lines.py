"""A version's lineage as a tree, for eyes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.costing_lines import usd
from cli.history_lines import short_identity
from cli.output import shortened, shown

_REASON_LIMIT = 160


@dataclass(frozen=True)
class Node:
    text: str
    below: Sequence["Node"] = ()


def tree(document: Mapping[str, Any]) -> list[str]:
    head = f"{document['model']} v{document['version']}, {document['approval_status']}"
    return [f"{head}, registered {shown(document['registered_at'])} (UTC)", *_drawn(list(_nodes(document)))]


def _drawn(nodes: Sequence[Node], indent: str = "") -> Iterator[str]:
    for number, node in enumerate(nodes, start=1):
        last = number == len(nodes)
        yield f"{indent}{'└─ ' if last else '├─ '}{node.text}"
        yield from _drawn(node.below, indent + ("   " if last else "│  "))


def _nodes(document: Mapping[str, Any]) -> Iterator[Node]:
    yield _data(document["data"])
    yield _run(document)
    given = document["hyperparameters"]
    yield Node("hyperparameters" if given else "hyperparameters: gone", [Node(f"{k} = {v}") for k, v in given.items()])
    yield _code(document["code"])
    yield Node("metrics", [Node(f"{name} {value:.4f}") for name, value in document["metrics"].items()])
    yield _gate(document["gate"])
    yield _entries("decisions", document["decisions"], "none yet")
    yield _entries("in production", document["serving"], "never")
    yield _entries(f"drift ({_verdicts(document['checks'])})", document["drift"], "none found")


def _data(data: Mapping[str, Any]) -> Node:
    gone = "" if data["exists"] in (True, None) else " (gone: that version of the file was deleted)"
    return Node(f"data: {data['version'] or 'not known'}{gone}", list(_besides(data["retrained_for"])))


def _besides(drift: Mapping[str, Any] | None) -> Iterator[Node]:
    if drift is None:
        return
    yield Node(f"for the drift that check {drift['check_id']} found: {shortened(drift['reason'], _REASON_LIMIT)}")
    if drift["labelled_key"]:
        yield Node(f"and {drift['labelled_rows']:,} labelled rows of production: {drift['labelled_key']}")


def _verdicts(checks: Mapping[str, int]) -> str:
    if not checks:
        return "never checked"
    return ", ".join(f"{count} x {verdict}" for verdict, count in sorted(checks.items()))


def _run(document: Mapping[str, Any]) -> Node:
    run, cost = document["run"], document["cost"]
    if run["run_id"] is None:
        return Node("run: none of Sluice's registered it")
    total = f", {usd(cost['total_usd'], 4)}" if cost["total_usd"] is not None else ""
    return Node(f"run {run['run_id']}: {run['status']}{total}", [_job(job) for job in document["jobs"]])


def _job(job: Mapping[str, Any]) -> Node:
    took = f"{job['seconds']:.0f} s" if job["seconds"] is not None else "time not known"
    machines = f"{job['instance_count']} x {job['instance_type']}"
    return Node(f"{job['step']}: {job['status']}, {machines}, {took}, {usd(job['cost_usd'], 4)} ({job['name']})")


def _code(code: Mapping[str, Any]) -> Node:
    gone = "" if code["exists"] in (True, None) else " (gone from the bucket)"
    commit = code["commit"] or "not known: deploy with CommitId to have it"
    return Node(f"code: {code['sha256'] or 'not known'}{gone}", [Node(f"commit {commit}")])


def _gate(gate: Mapping[str, Any]) -> Node:
    if gate["reasons"] is None:
        return Node(f"gate: {gate['verdict'] or 'not known'} (its reasons are gone)")
    return Node(f"gate: {gate['verdict']}", [Node(shortened(reason, _REASON_LIMIT)) for reason in gate["reasons"]])


def _entries(title: str, entries: Sequence[Mapping[str, Any]], none: str) -> Node:
    if not entries:
        return Node(f"{title}: {none}")
    return Node(title, [Node(_line(entry)) for entry in entries])


def _line(entry: Mapping[str, Any]) -> str:
    mode = f" ({entry['mode']})" if entry["mode"] else ""
    why = shortened(entry["why"], _REASON_LIMIT)
    return f"{shown(entry['at'])} {entry['action']}{mode} by {short_identity(entry['who'])}: {why}"
