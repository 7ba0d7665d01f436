"""The search itself: Optuna's samplers and its Hyperband, asked for hyperparameters and told what they came to.

Optuna costs a quarter of a second to import: whoever runs a search imports this module then, not before.
"""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, HyperbandPruner, NopPruner
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.trial import Trial, TrialState, create_trial

from localcloud.sagemaker.tuning.early_stopping import MedianRule
from localcloud.sagemaker.tuning.plan import TuningPlan
from localcloud.sagemaker.tuning.ranges import CategoricalRange, ContinuousRange, IntegerRange, Range

# What Bayesian search draws at random before it models anything: a quarter of its jobs, within these.
_FEWEST_DRAWS: Final = 3
_MOST_DRAWS: Final = 10
# Of how many points the model picks the most promising; Optuna's own 24 are few where several ranges are searched.
_CANDIDATES: Final = 64
# Values beyond Hyperband's MaxResource that a job may emit before it is stopped. Scripts tell their result once more at
# the end, so that it is the last value that SageMaker sees, and would otherwise be ended while they save their model.
_ENCORE: Final = 1


@dataclass(frozen=True)
class Proposal:
    """Hyperparameters to try, as SageMaker writes them; `number` names them in what is told afterwards."""

    number: int
    hyperparameters: dict[str, str]


class Search:
    """May be used from several threads. With one job at a time, the same plan and results give the same proposals."""

    def __init__(self, plan: TuningPlan) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._plan = plan
        self._lock = threading.Lock()
        self._ranges = {one.name: one for one in plan.ranges}
        self._distributions = {one.name: _distribution(one) for one in plan.ranges}
        self._study = optuna.create_study(
            # Hyperband draws a trial's bracket from the study's name.
            study_name=f"seed {plan.seed}",
            direction="maximize" if plan.maximize else "minimize",
            sampler=_sampler(plan),
            pruner=_pruner(plan),
        )
        self._median = MedianRule(plan.maximize) if plan.early_stopping else None
        self._running: dict[int, Trial] = {}
        self._epochs: dict[int, int] = {}
        self._given_up: set[int] = set()

    def learn(self, hyperparameters: Mapping[str, str], value: float) -> bool:
        """A result from elsewhere. False when it cannot be used: a value is missing, or lies outside of its range."""
        read = {name: one.read(hyperparameters.get(name, "")) for name, one in self._ranges.items()}
        params = {name: sampled for name, sampled in read.items() if sampled is not None}
        if len(params) < len(read) or not math.isfinite(value) or self._plan.strategy == "Grid":
            return False
        with self._lock:
            self._study.add_trial(create_trial(params=params, distributions=self._distributions, value=value))
        return True

    def ask(self) -> Proposal:
        with self._lock:
            trial = self._study.ask(self._distributions)
            self._running[trial.number] = trial
            hyperparameters = {name: _write(one, trial.params[name]) for name, one in self._ranges.items()}
            return Proposal(trial.number, hyperparameters)

    def report(self, number: int, value: float) -> bool:
        """The next value that the proposal's job emits; True when it is not worth finishing, or has had its share."""
        with self._lock:
            trial = self._running.get(number)
            if trial is None or math.isnan(value):
                return False
            epoch = self._epochs[number] = self._epochs.get(number, 0) + 1
            if self._plan.strategy == "Hyperband" and epoch > self._plan.max_resource + _ENCORE:
                return True
            if self._is_hopeless(trial, epoch, value):
                self._given_up.add(number)
            return number in self._given_up

    def tell(self, number: int, value: float | None, *, completed: bool) -> None:
        """The proposal's result, None without one; `completed`: its job was not stopped before its end."""
        with self._lock:
            trial = self._running.pop(number)
            if self._median:
                self._median.end(number, completed=completed)
            if value is None or not math.isfinite(value):
                self._study.tell(trial, state=TrialState.FAIL)
            elif number in self._given_up and not completed:
                self._study.tell(trial, state=TrialState.PRUNED)
            else:
                self._study.tell(trial, value)

    def _is_hopeless(self, trial: Trial, epoch: int, value: float) -> bool:
        if self._median:
            trial.report(value, epoch)
            return self._median.is_worse(trial.number, value)
        if self._plan.strategy == "Hyperband":
            trial.report(value, epoch)
            return epoch >= self._plan.min_resource and trial.should_prune()
        return False


class _Grid(GridSampler):
    """Ends no optimization: there is none, and its owner asks as often as there are combinations."""

    def after_trial(self, *_: Any) -> None:
        """GridSampler's own calls Study.stop, which is for Study.optimize only."""


def _sampler(plan: TuningPlan) -> BaseSampler:
    match plan.strategy:
        case "Random":
            return RandomSampler(seed=plan.seed)
        case "Grid":
            return _Grid(
                {one.name: list(one.values) for one in plan.ranges if isinstance(one, CategoricalRange)}, seed=plan.seed
            )
        case _:
            return TPESampler(
                seed=plan.seed,
                multivariate=True,
                constant_liar=plan.parallel > 1,
                n_startup_trials=min(max(plan.jobs // 4, _FEWEST_DRAWS), _MOST_DRAWS),
                n_ei_candidates=_CANDIDATES,
            )


def _pruner(plan: TuningPlan) -> BasePruner:
    if plan.strategy != "Hyperband":
        return NopPruner()
    return HyperbandPruner(min_resource=plan.min_resource, max_resource=plan.max_resource)


def _distribution(one: Range) -> BaseDistribution:
    match one:
        case ContinuousRange():
            return FloatDistribution(*one.bounds, log=one.log)
        case IntegerRange():
            return IntDistribution(one.low, one.high, log=one.log)
        case CategoricalRange():
            return CategoricalDistribution(one.values)


def _write(one: Range, sampled: Any) -> str:
    return one.write(sampled)
