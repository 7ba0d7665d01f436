"""The tuned model or the baseline: pure. Tuning must beat what there is, or it was for nothing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Objective:
    metric: str
    type: Literal["Maximize", "Minimize"]

    def is_better(self, value: float, than: float) -> bool:
        return value > than if self.type == "Maximize" else value < than


@dataclass(frozen=True)
class Trained:
    """A training job and what it reached. objective: None where it never said."""

    job: str
    objective: float | None
    hyperparameters: Mapping[str, str]

    @property
    def measured(self) -> float | None:
        return self.objective if self.objective is not None and math.isfinite(self.objective) else None


@dataclass(frozen=True)
class Choice:
    chosen: Literal["tuned", "baseline"]
    reason: str


def choose(best: Trained | None, baseline: Trained, baseline_of: str, objective: Objective) -> Choice:
    """best: of the search; None where no job reached anything. baseline_of: whose hyperparameters it has."""
    name = f"the baseline with the {baseline_of}'s hyperparameters"
    tuned = best.measured if best else None
    if tuned is None:
        return Choice("baseline", f"No tuned job told its {objective.metric}: {name} is used.")
    reached = baseline.measured
    if reached is None:
        return Choice("tuned", f"The best tuned job reached {objective.metric} {tuned:.6f}; {name} told none.")
    against = f"{objective.metric} {tuned:.6f} against {reached:.6f}"
    if objective.is_better(tuned, reached):
        return Choice("tuned", f"The best tuned job beats {name}: {against}.")
    return Choice("baseline", f"No tuned job beats {name}, which is used: {against}.")
