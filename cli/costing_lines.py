"""A model's cost, for eyes."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.output import table

_COLUMNS = ("mode", "on", "a month", "against now")


def lines_of(document: Mapping[str, Any]) -> Iterator[str]:
    traffic, source = document["traffic"], document["traffic"]["source"]
    yield f"{document['model']}, {document['region']}, list prices of {document['prices']['as_of']}"
    yield f"traffic   {traffic['requests']:,.0f} requests a month ({source['requests']})"
    yield f"          {traffic['milliseconds']:.1f} ms each ({source['milliseconds']}), {traffic['kilobytes']:g} KB"
    yield f"one run   {_run(document['run'])}"
    yield ""
    yield table(_COLUMNS, [_row(offer) for offer in document["offers"]])
    yield ""
    yield _break_even(document["break_even_requests"], traffic["requests"])
    if document["break_even_beyond"]:
        yield _beyond(document["break_even_beyond"])
    yield f"prices    {document['prices']['source']}"
    yield f"counted   {document['prices']['serving']}"
    if source["requests"] == "none seen":
        yield "No request was counted in the last 30 days: give a number with --requests-per-month"


def _run(run: Mapping[str, Any] | None) -> str:
    if run is None:
        return "none has succeeded yet"
    parts = ", ".join(f"{job['step']} {usd(job['cost_usd'], 4)}" for job in run["jobs"])
    return f"{usd(run['cost']['total_usd'], 4)} ({run['run_id']}: {parts or 'no job is known'})"


def _row(offer: Mapping[str, Any]) -> tuple[str, ...]:
    return offer["mode"], offer["settings"], usd(offer["usd_per_month"]), _against(offer)


def _against(offer: Mapping[str, Any]) -> str:
    saves = offer["saves_usd_per_month"]
    if offer["present"]:
        return "now"
    if saves is None:
        return ""
    return f"saves {usd(saves)}" if saves >= 0 else f"costs {usd(-saves)} more"


def usd(amount: float | None, digits: int = 2) -> str:
    """What is more than nothing never reads as nothing."""
    if amount is None:
        return "no price"
    least = 10**-digits
    return f"under ${least:.{digits}f}" if 0 < amount < least else f"${amount:,.{digits}f}"


def _beyond(beyond: Mapping[str, int]) -> str:
    wanted, most = beyond["wanted_instances"], beyond["max_instances"]
    return f"            at that load autoscaling's target asks for {wanted:,} instances, and max_instances is {most:,}"


def _break_even(requests: float | None, now: float) -> str:
    if requests is None:
        return "break-even: no price"
    side = "below it, where serverless is cheaper" if now < requests else "above it, where instances are cheaper"
    return f"break-even: serverless and real-time cost the same at {requests:,.0f} requests a month; you are {side}"
