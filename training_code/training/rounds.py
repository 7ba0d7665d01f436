"""What each boosting round measured, which round is the best, and the lines that say so."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from job import BadData
from training.objectives import Objective

Evals = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class History:
    """evals: data set → metric → a value per round. Early stopping has no state but this."""

    objective: Objective
    evals: Evals = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._watched)

    @property
    def _watched(self) -> list[float]:
        return self.evals.get("validation", {}).get(self.objective.watched, [])

    @property
    def best(self) -> int:
        """The first of the best rounds, on validation."""
        chosen = max if self.objective.maximize else min
        return self._watched.index(chosen(self._watched))

    def is_settled(self, patience: int) -> bool:
        """No better round for that many rounds."""
        return bool(self._watched) and len(self) - 1 - self.best >= patience

    def add(self, evaluation: str) -> None:
        """XGBoost's "[7]\\ttrain-logloss:0.3\\tvalidation-auc:0.8". Raises BadData for a metric without a value."""
        for entry in evaluation.split("\t")[1:]:
            name, _, value = entry.rpartition(":")
            data, _, metric = name.partition("-")
            if not math.isfinite(float(value)):
                raise BadData(
                    f"{name} is {value} in round {len(self)}: the {data} split holds one class only, or numbers too "
                    "large to predict. Give more data or another split in model.yaml, or look at the target."
                )
            self.evals.setdefault(data, {}).setdefault(metric, []).append(float(value))

    def line(self, round_number: int) -> str:
        """In the form that SageMaker's metric definitions read."""
        return eval_line(round_number, self.evals)


def eval_line(round_number: int, evals: Mapping[str, Mapping[str, list[float]]]) -> str:
    values = [
        f"{data}-{metric}:{series[round_number]:.6f}"
        for data, metrics in evals.items()
        for metric, series in metrics.items()
    ]
    return "\t".join([f"[{round_number}]", *values])
