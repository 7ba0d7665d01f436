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


def not_held(name: str, what: str, bound: float | None = None, on_failure: OnFailure = "fail") -> Check:
    """Skipped, because an older version of the evaluate step did not measure it."""
    return skipped(name, f"{what} not judged: the evaluation is of an older version and lacks them.", bound, on_failure)
