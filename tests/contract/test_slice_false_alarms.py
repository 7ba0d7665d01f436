"""How often chance alone makes a slice look worse: at most as often as the rule's confidence says."""

import numpy as np

from evaluation.delong import area_difference_deviation, placements
from sluice.gate import GateDecision
from tests.evaluations import champion, decided, slice_of

RUNS = 150
POSITIVES = (2, 3, 3, 4, 4, 5, 5, 8, 12, 16, 20, 20, 20, 25, 25, 30, 30, 40, 60, 100)
ROWS = 250


def _decision(rng: np.random.Generator, worse: float = 0.0) -> GateDecision:
    """Of twenty slices, on which both models see the same, each with noise of its own; worse: more of it in ours."""
    parts = []
    for at, positives in enumerate(POSITIVES):
        labels = (np.arange(ROWS) < positives).astype(float)
        seen = rng.normal(1.4 * labels)
        ours, theirs = (seen + noise * rng.normal(size=ROWS) for noise in (0.5 + worse, 0.5))
        # The mean of a class's placements is the AUC.
        gain = float((placements(labels, ours) - placements(labels, theirs))[labels == 1].mean())
        deviation = area_difference_deviation(labels, ours, theirs)
        parts.append(slice_of(f"p{at}", rows=ROWS, rarest=positives, deviation=deviation, auc=gain))
    return decided({"slices": {"maximum_loss": 0.0}}, champion=champion(auc=0.0), slices=parts)


def test_equal_models_seldom_lose_on_any_slice() -> None:
    """A confidence of 95 % for all slices together; 3.6 points are two deviations of so many runs."""
    rng = np.random.default_rng(1)
    decisions = [_decision(rng) for _ in range(RUNS)]

    assert all(sum(check.name.startswith("slices.p") for check in one.checks) == 10 for one in decisions)
    assert np.mean([one.verdict == "fail" for one in decisions]) <= 0.05 + 0.036


def test_a_much_worse_model_loses_on_some() -> None:
    rng = np.random.default_rng(2)

    assert np.mean([_decision(rng, worse=3.0).verdict == "fail" for _ in range(20)]) > 0.9
