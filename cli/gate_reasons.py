"""The gate's decision as it lies in gate.json, in the order in which a person reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

FAIL, NEEDS_HUMAN, PASS = "fail", "needs-human", "pass"


def ordered_checks(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What failed the version first, then what a person must decide, what was skipped, what passed."""
    return sorted(decision.get("checks", ()), key=lambda check: _ORDER.index(weight_of(check)))


def weight_of(check: Mapping[str, Any]) -> str:
    """fail, needs-human, skipped or pass. A failed check of an older decision fails the version."""
    if check.get("outcome") == FAIL:
        return NEEDS_HUMAN if check.get("on_failure") == NEEDS_HUMAN else FAIL
    return "skipped" if check.get("outcome") == "skipped" else PASS


_ORDER: Sequence[str] = (FAIL, NEEDS_HUMAN, "skipped", PASS)


def unmet(decision: Mapping[str, Any]) -> list[str]:
    """The sentences of the checks that did not pass, each with what that means."""
    found = ((weight_of(check), str(check.get("reason", ""))) for check in ordered_checks(decision))
    return [f"{weight}: {reason}" for weight, reason in found if weight in (FAIL, NEEDS_HUMAN)]
