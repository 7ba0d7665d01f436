"""What a check may find moved: every test of it, adjusted together, and which of them are violations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.measures import holm

Document = dict[str, Any]


@dataclass(frozen=True)
class Claim:
    """size, bound: how far it has moved and how far it may, in one unit. subject: a feature, output, column or metric.

    check: Model Monitor's constraint_check_type, or ours. description: a sentence, for when it is violated. place: how
    the dimension finds its claim again.
    """

    dimension: str
    subject: str
    check: str
    p_value: float
    size: float
    bound: float
    description: str
    metric: str | None = None
    place: str = ""


@dataclass(frozen=True)
class Judged:
    claim: Claim
    adjusted: float
    violated: bool

    @property
    def excess(self) -> float:
        """How many bounds it has moved."""
        return self.claim.size / self.claim.bound

    def to_violation(self, since: str) -> Document:
        """feature_name of a feature or column, metric_name of a metric: as Model Monitor has them."""
        claim = self.claim
        named = {"feature_name": claim.subject} if claim.subject else {}
        measured = {"metric_name": claim.metric} if claim.metric else {}
        return {
            **named,
            **measured,
            "constraint_check_type": claim.check,
            "description": claim.description,
            "dimension": claim.dimension,
            "since": since,
        }


def judge(claims: Sequence[Claim], significance: float) -> list[Judged]:
    """Violated: shown, with all tests of the check taken together, and as large as its bound."""
    adjusted = holm([claim.p_value for claim in claims])
    return [
        Judged(claim, chance, chance < significance and claim.size >= claim.bound)
        for claim, chance in zip(claims, adjusted, strict=True)
    ]


def since(dimension: str, name: str, history: Sequence[Mapping[str, Any]], end: str) -> str:
    """The end of the first check of the unbroken series that found it; a check with too little data breaks nothing."""
    first = end
    for check in reversed(history):
        if check.get("verdict") == "not-enough-data":
            continue
        found = check.get("violations", ())
        if not any(v.get("dimension") == dimension and v.get("feature_name") == name for v in found):
            break
        first = str(check["end"])
    return first
