"""What holds of the gate whatever was measured."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.definition import Gate
from sluice.gate import Evaluation, GateDecision, decide
from tests.evaluations import BINARY, champion, check, counts, decided, document, measurements, slice_of

gains = st.floats(-1, 1)
deviations = st.floats(0, 0.5)
bounds = st.floats(-0.5, 0.5)
confidences = st.floats(0.5, 1, exclude_min=True, exclude_max=True)
anything = st.one_of(st.none(), st.floats(), st.integers(-(10**6), 10**6))


def compared(policy: str, gain: float, deviation: float, bound: float, confidence: float) -> str:
    rule = {"policy": policy, "minimum_gain": bound, "confidence": confidence}
    return check(decided({"champion": rule}, champion=champion(deviation, auc=gain)), "champion.auc").outcome


@settings(deadline=None)
@given(st.sampled_from(["not-worse", "better"]), gains, gains, deviations, bounds, confidences)
def test_a_larger_gain_never_turns_pass_into_fail(
    policy: str, one: float, other: float, deviation: float, bound: float, confidence: float
) -> None:
    worse, better = sorted((one, other))

    if compared(policy, worse, deviation, bound, confidence) == "pass":
        assert compared(policy, better, deviation, bound, confidence) == "pass"


@settings(deadline=None)
@given(gains, deviations, bounds, confidences)
def test_not_worse_is_never_stricter_than_better(
    gain: float, deviation: float, bound: float, confidence: float
) -> None:
    if compared("better", gain, deviation, bound, confidence) == "pass":
        assert compared("not-worse", gain, deviation, bound, confidence) == "pass"


@settings(deadline=None)
@given(gains, deviations, bounds)
def test_more_confidence_refuses_less_of_what_is_not_worse_and_more_of_what_is_better(
    gain: float, deviation: float, bound: float
) -> None:
    if compared("not-worse", gain, deviation, bound, 0.8) == "pass":
        assert compared("not-worse", gain, deviation, bound, 0.99) == "pass"
    if compared("better", gain, deviation, bound, 0.99) == "pass":
        assert compared("better", gain, deviation, bound, 0.8) == "pass"


@settings(deadline=None)
@given(st.lists(st.tuples(gains, deviations), min_size=1, max_size=30), st.floats(0, 0.5))
def test_the_worst_slice_decides(parts: list[tuple[float, float]], maximum_loss: float) -> None:
    """Any slice whose loss is shown fails the gate, wherever it stands; and no other does."""
    slices = [slice_of(f"p{at}", deviation=deviation, auc=gain) for at, (gain, deviation) in enumerate(parts)]
    policy = {"champion": None, "slices": {"maximum_loss": maximum_loss}}

    decision = decided(policy, champion=champion(auc=0.0), slices=slices)

    judged = [one for one in decision.checks if one.name.startswith("slices.")]
    assert len(judged) == min(len(parts), 21)
    assert (decision.verdict == "fail") == any(one.outcome == "fail" for one in judged)
    if max(gain for gain, _ in parts) < -maximum_loss and not any(deviation for _, deviation in parts):
        assert decision.verdict == "fail"
    if min(gain for gain, _ in parts) >= -maximum_loss:
        assert decision.verdict == "pass"


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Every number may be anything, and every optional part absent or null."""

    def entry() -> dict[str, Any]:
        return {"value": draw(anything), "standard_deviation": draw(anything)}

    rows = draw(st.integers(0, 10**7))
    metrics = {name: entry() for name in ("auc", "log_loss", "calibration_error")}
    live = champion(auc=0.0) | {BINARY: {"auc": entry()}, "differences": {"auc": entry()}}
    parts = [slice_of(f"p{at}", rows=rows) | {"champion": {"differences": {"auc": entry()}}} for at in range(3)]
    drift = {"features": [{"feature": name, "type": "numeric", "psi": draw(anything)} for name in "ab"]}
    held = counts(rows=draw(st.integers(0, 100)), rejected=draw(st.integers(0, 100)), no=draw(st.integers(0, 9)))
    return document(
        **{
            BINARY: metrics,
            "dataset": {"item_count": rows, "positive_count": draw(st.integers(0, rows))},
            "champion": draw(st.sampled_from([None, live, {"error": "gone"}, {"package_arn": "a"}])),
            "slices": draw(st.sampled_from([..., None, [], parts])),
            "data": draw(
                st.sampled_from([..., None, {}, {"counts": held, "previous": {"counts": held}, "drift": drift}])
            ),
            "importance": draw(st.sampled_from([..., None, {}, {"gain": {name: draw(anything) for name in "abc"}}])),
        }
    )


def of_everything(measured: dict[str, Any]) -> GateDecision:
    policy = {"metrics": {"auc": {"min": 0.6}, "log_loss": {"max": 1}}, "slices": {}, "calibration": {}}
    return decide(Evaluation.from_json(measured), Gate.model_validate(policy))


@settings(deadline=None)
@given(documents())
def test_whatever_was_measured_the_decision_is_json_and_its_verdict_follows_from_its_checks(
    measured: dict[str, Any],
) -> None:
    decision = of_everything(measured)

    json.dumps(decision.to_json(), allow_nan=False)
    failed = {one.on_failure for one in decision.checks if one.outcome == "fail"}
    expected = "fail" if "fail" in failed else "needs-human" if failed else "pass"
    assert decision.verdict == expected
    assert len({one.name for one in decision.checks}) == len(decision.checks)
    assert all(one.reason.endswith((".", "?")) and one.reason.isprintable() for one in decision.checks)
    assert len(decision.checks) <= 50


@settings(deadline=None)
@given(st.floats(0.5, 1), st.floats(0.5, 1))
def test_a_better_metric_never_fails_a_threshold_that_a_worse_one_passes(one: float, other: float) -> None:
    worse, better = sorted((one, other))

    def outcome(auc: float) -> str:
        return check(decided(**{BINARY: measurements(auc=auc)}), "threshold.auc").outcome

    if outcome(worse) == "pass":
        assert outcome(better) == "pass"
