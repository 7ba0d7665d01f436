"""One thing that the gate asked, what came out, and a sentence for the person who approves."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "skipped"]
OnFailure = Literal["fail", "needs-human"]


@dataclass(frozen=True)
class Check:
    name: str
    outcome: Outcome
    value: float | None
    bound: float | None
    reason: str
    on_failure: OnFailure = "fail"
    """What the whole gate says when this check fails: fail, or that a person must decide."""


def skipped(name: str, reason: str, bound: float | None = None, on_failure: OnFailure = "fail") -> Check:
    return Check(name, "skipped", None, bound, reason, on_failure)


def unmade(name: str, reason: str, bound: float | None = None) -> Check:
    """What should have been measured, and was not, does not pass: a person decides."""
    return Check(name, "fail", None, bound, reason, "needs-human")


def not_held(name: str, what: str, bound: float | None = None, *, live: bool) -> Check:
    """An older version of the evaluate step did not measure it. live: there is a champion that this would replace."""
    reason = f"{what} not judged: the evaluation is of an older version and lacks them."
    return unmade(name, reason, bound) if live else skipped(name, reason, bound, "needs-human")
