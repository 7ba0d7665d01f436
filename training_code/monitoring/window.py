"""Which captured requests a check counts, by their inferenceTime."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from job import BadData
from monitoring.check_plan import CheckPlan

HOUR = 3600.0
BATCH = "batch"
"""Of such a plan the window is the moment of the upload, and all rows count."""


@dataclass(frozen=True)
class Window:
    """Seconds since 1970. earliest: requests from here on still count when they arrive late.

    not_before: those of another deployment came before; -inf where there was none.
    """

    start: float
    end: float
    earliest: float
    not_before: float

    def holds(self, at: float) -> bool:
        return self.earliest <= at < self.end


def window_of(plan: CheckPlan) -> Window:
    start, end = _seconds(plan.start, "window.start"), _seconds(plan.end, "window.end")
    of_one_moment = plan.source == BATCH and start == end
    if not (start < end or of_one_moment):
        raise BadData(f"plan.json has a window from {plan.start} to {plan.end}: its end must be later than its start.")
    # SageMaker writes whole seconds: a request of the same second is of this deployment.
    before = -math.inf if plan.not_before is None else math.floor(_seconds(plan.not_before, "not_before"))
    return Window(start, end, start - plan.lateness_hours * HOUR, before)


def _seconds(text: str, field: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise BadData(f"plan.json has {field} {text!r}: give a point in time in ISO 8601.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
