"""The search by itself: what each strategy proposes, and what it makes of results."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import median

import pytest

from localcloud.sagemaker.tuning.plan import TuningPlan
from localcloud.sagemaker.tuning.ranges import CategoricalRange, ContinuousRange, IntegerRange
from localcloud.sagemaker.tuning.search import Search

RANGES = (
    ContinuousRange("eta", 0.01, 0.3, log=True),
    ContinuousRange("momentum", 0.5, 0.999, log=True, reverse=True),
    IntegerRange("depth", 2, 10),
    CategoricalRange("booster", ("gbtree", "dart")),
)
PLAN = TuningPlan(RANGES, "Bayesian", "auc", maximize=True, jobs=20, parallel=1, seed=7)
GRID = TuningPlan(
    (CategoricalRange("a", ("1", "2")), CategoricalRange("b", ("x", "y", "z"))),
    "Grid", "auc", maximize=True, jobs=6, parallel=2, seed=7,
)  # fmt: skip
ONE = (ContinuousRange("x", 0.0, 1.0),)


def score(hyperparameters: Mapping[str, str]) -> float:
    """Best at depth 6 and eta 0.1; the rest matters little."""
    eta, depth = float(hyperparameters["eta"]), int(hyperparameters["depth"])
    return -(math.log(eta / 0.1) ** 2) - ((depth - 6) / 4) ** 2 + 0.01 * float(hyperparameters["momentum"])


def run(plan: TuningPlan, worth: Callable[[Mapping[str, str]], float], jobs: int = 0) -> list[dict[str, str]]:
    search, asked = Search(plan), []
    for _ in range(jobs or plan.jobs):
        proposal = search.ask()
        asked.append(proposal.hyperparameters)
        search.tell(proposal.number, worth(proposal.hyperparameters), completed=True)
    return asked


@pytest.mark.parametrize("strategy", ["Bayesian", "Random", "Hyperband"])
def test_proposals_lie_in_their_ranges(strategy):
    for one in run(replace(PLAN, strategy=strategy, max_resource=9), score):
        assert 0.01 <= float(one["eta"]) <= 0.3
        assert 0.5 <= float(one["momentum"]) <= 0.999
        assert one["depth"] in {str(depth) for depth in range(2, 11)}
        assert one["booster"] in ("gbtree", "dart")


@pytest.mark.parametrize("strategy", ["Bayesian", "Random", "Hyperband"])
def test_the_same_seed_asks_for_the_same(strategy):
    plan = replace(PLAN, strategy=strategy, max_resource=9)
    assert run(plan, score) == run(plan, score)
    assert run(plan, score) != run(replace(plan, seed=8), score)


def test_bayesian_search_beats_random_search():
    def found(strategy):
        plans = [replace(PLAN, strategy=strategy, seed=seed) for seed in range(7)]
        return median(max(score(one) for one in run(plan, score)) for plan in plans)

    assert found("Bayesian") > found("Random")


def test_bayesian_search_minimizes_where_it_is_asked_to():
    last = run(replace(PLAN, maximize=False, jobs=40), lambda one: -score(one))[-10:]
    assert median(abs(int(one["depth"]) - 6) for one in last) <= 1


def test_a_logarithmic_scale_spreads_by_factors():
    wide = (ContinuousRange("x", 1e-4, 1.0, log=True), ContinuousRange("y", 0.0, 0.9999, log=True, reverse=True))
    asked = run(TuningPlan(wide, "Random", "auc", maximize=True, jobs=200, parallel=1, seed=1), lambda one: 0.0)
    # Half of the draws below the geometric middle: 0.01 of x, 0.99 of y.
    assert 60 < sum(float(one["x"]) < 0.01 for one in asked) < 140
    assert 60 < sum(float(one["y"]) > 0.99 for one in asked) < 140


def test_a_grid_is_tried_once_each_with_several_running():
    search = Search(GRID)
    first, second = search.ask(), search.ask()
    asked = [first, second]
    for _ in range(4):
        search.tell(asked[-2].number, None, completed=False)
        asked.append(search.ask())
    assert len({tuple(sorted(one.hyperparameters.items())) for one in asked}) == 6
    # The last ones of a grid, too, are told without a complaint.
    search.tell(asked[-2].number, 1.0, completed=True)
    search.tell(asked[-1].number, 1.0, completed=True)


def test_parallel_proposals_differ():
    search = Search(replace(PLAN, parallel=4, jobs=20))
    for _ in range(6):
        proposal = search.ask()
        search.tell(proposal.number, score(proposal.hyperparameters), completed=True)
    asked = [search.ask().hyperparameters for _ in range(4)]
    assert len({one["eta"] for one in asked}) == 4


def test_jobs_without_a_value_teach_nothing_and_stop_nothing():
    search = Search(PLAN)
    for value in (None, math.nan, math.inf) * 5:
        search.tell(search.ask().number, value, completed=False)
    assert search.ask().hyperparameters


def test_earlier_results_steer_the_first_proposals():
    def distance(search: Search) -> float:
        asked = [search.ask() for _ in range(5)]
        return median(abs(float(one.hyperparameters["x"]) - 0.8) for one in asked)

    plan = TuningPlan(ONE, "Bayesian", "auc", maximize=True, jobs=20, parallel=5, seed=3)
    cold, warm = Search(plan), Search(plan)
    for number in range(30):
        x = number / 29
        assert warm.learn({"x": repr(x), "other": "1"}, -abs(x - 0.8))
    assert distance(warm) < distance(cold)


@pytest.mark.parametrize(
    ("hyperparameters", "value"),
    [({"x": "1.5"}, 0.5), ({}, 0.5), ({"x": "much"}, 0.5), ({"x": "0.5"}, math.nan)],
)
def test_earlier_results_from_elsewhere_are_left_out(hyperparameters, value):
    search = Search(replace(PLAN, ranges=ONE))
    assert not search.learn(hyperparameters, value)


def test_a_grid_needs_no_earlier_results():
    search = Search(GRID)
    assert not search.learn({"a": "1", "b": "x"}, 1.0)
    assert len({tuple(search.ask().hyperparameters.items()) for _ in range(6)}) == 6


def test_early_stopping_gives_up_what_is_worse_than_the_others():
    search = Search(replace(PLAN, early_stopping=True))
    for value in (0.8, 0.81, 0.82):
        proposal = search.ask()
        assert not search.report(proposal.number, value)
        search.tell(proposal.number, value, completed=True)
    bad, good = search.ask(), search.ask()
    assert search.report(bad.number, 0.5)
    assert search.report(bad.number, 0.9), "its end has been asked for"
    assert not search.report(good.number, 0.9)
    search.tell(bad.number, 0.5, completed=False)
    search.tell(good.number, 0.9, completed=True)


def test_without_early_stopping_nothing_is_given_up():
    search = Search(PLAN)
    for value in (0.8, 0.8, 0.8, 0.0):
        proposal = search.ask()
        assert not search.report(proposal.number, value)
        search.tell(proposal.number, value, completed=True)


def test_a_value_after_the_end_is_nobodys():
    search = Search(replace(PLAN, early_stopping=True))
    proposal = search.ask()
    search.tell(proposal.number, 0.5, completed=True)
    assert not search.report(proposal.number, 0.1)


def hyperband(minimum: int, maximum: int) -> Search:
    return Search(replace(PLAN, strategy="Hyperband", min_resource=minimum, max_resource=maximum))


def test_hyperband_gives_up_most_of_the_worst_early():
    search, epochs = hyperband(1, 9), []
    for number in range(20):
        proposal, told = search.ask(), 0
        # The first is the best; the others never come near it.
        worth = 0.9 if number == 0 else 0.5 - number / 100
        while told < 9:
            told += 1
            if search.report(proposal.number, worth):
                break
        search.tell(proposal.number, worth, completed=told == 9)
        epochs.append(told)
    assert epochs[0] == 9
    assert sum(told < 9 for told in epochs) >= 10


def test_hyperband_lets_the_best_job_tell_its_result_once_more():
    search = hyperband(6, 6)
    proposal = search.ask()
    assert [search.report(proposal.number, 0.9) for _ in range(8)] == [False] * 7 + [True]


def test_hyperband_lets_a_job_have_its_least_and_no_more_than_its_most():
    search = hyperband(4, 6)
    for value in (0.9, 0.8, 0.7, 0.6, 0.5):
        proposal = search.ask()
        heard = [search.report(proposal.number, value) for _ in range(8)]
        assert heard[:3] == [False] * 3
        assert heard[7], "six, its result once more, and yet another"
        search.tell(proposal.number, value, completed=False)
