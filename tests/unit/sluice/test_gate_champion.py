"""The challenger against the champion: as a whole, and slice by slice."""

import json
from typing import Any

import pytest

from sluice.definition import Gate
from sluice.gate import Evaluation, decide
from tests.evaluations import BINARY, champion, check, decided, measurements, slice_of

Z95 = 1.6448536269514722


@pytest.mark.parametrize(
    ("policy", "gain", "deviation", "outcome"),
    [
        ("not-worse", 0.0, 0.0, "pass"),
        ("not-worse", -0.02, 0.02, "pass"),
        ("not-worse", -0.02, 0.001, "fail"),
        ("not-worse", -0.004, 0.0, "pass"),
        ("better", 0.02, 0.001, "pass"),
        ("better", 0.02, 0.02, "fail"),
        ("better", 0.01, 0.0, "pass"),
        ("better", 0.0, 0.0, "fail"),
    ],
)
def test_not_worse_is_refused_when_a_loss_is_shown_and_better_unless_a_gain_is(
    policy: str, gain: float, deviation: float, outcome: str
) -> None:
    minimum = -0.005 if policy == "not-worse" else 0.005
    rule = {"champion": {"policy": policy, "minimum_gain": minimum}}

    decision = decided(rule, champion=champion(deviation, auc=gain))

    assert check(decision, "champion.auc").outcome == outcome
    assert decision.verdict == outcome


def test_the_bound_of_a_gain_is_the_normal_one_at_the_stated_confidence() -> None:
    """One-sided at 95 %: the loss is shown from 1.645 standard deviations on."""
    deviation = 0.01
    edge = -0.005 - Z95 * deviation

    def outcome(gain: float) -> str:
        return check(decided(champion=champion(deviation, auc=gain)), "champion.auc").outcome

    assert (outcome(edge + 1e-9), outcome(edge - 1e-9)) == ("pass", "fail")


def test_an_error_gains_by_falling() -> None:
    policy = Gate.model_validate({"metrics": {"rmse": {"max": 3}}, "champion": {"metric": "rmse", "minimum_gain": 0.1}})
    live = champion(0.001, key="regression_metrics", rmse=0.5)

    decision = decide(
        Evaluation.from_json(
            {"regression_metrics": measurements(rmse=2.0), "dataset": {"item_count": 500}, "champion": live}
        ),
        policy,
    )

    found = check(decision, "champion.rmse")
    assert (found.value, found.bound, found.outcome) == (-0.5, 0.1, "fail")
    assert "a gain of -0.5000" in found.reason


def test_the_sentence_of_a_loss_holds_both_models_its_bound_and_the_confidence() -> None:
    found = check(decided(champion=champion(0.001, auc=-0.02)), "champion.auc")

    assert found.reason == (
        "auc is 0.8400 against the champion's 0.8300: a gain of -0.0200, at most -0.0184 at 95 % confidence: "
        "shown to be below -0.005."
    )


@pytest.mark.parametrize(
    "live",
    [
        {"error": "its artifact is gone."},
        {"error": "column age is missing", "features": {"added": [], "removed": ["age"], "retyped": []}},
        {"regression_metrics": measurements(r2=0.5)},
        {BINARY: measurements(auc=None), "differences": {}},
    ],
    ids=["gone", "columns", "task", "undefined"],
)
def test_a_champion_that_cannot_be_compared_with_is_for_a_person(live: dict[str, Any]) -> None:
    decision = decided(champion={"package_arn": "arn", **live})

    assert decision.verdict == "needs-human"
    assert check(decision, "champion.comparable").outcome == "fail"
    assert check(decision, "champion.auc").outcome == "skipped"
    assert decision.summary.startswith("The champion cannot be compared with: ")


@pytest.mark.parametrize("live", [champion(auc=0.1), {"error": "gone"}])
def test_a_challenger_whose_metric_is_undefined_fails_whoever_the_champion_is(live: dict[str, Any]) -> None:
    policy = {"metrics": {"log_loss": {"max": 1}}}

    decision = decided(policy, champion=live, **{BINARY: measurements(auc=None, log_loss=0.4)})

    assert check(decision, "champion.auc").outcome == "fail"
    assert decision.verdict == "fail"


@pytest.mark.parametrize(
    "told",
    [{"auc": {"value": 0.1, "standard_deviation": None}}, {"auc": {"value": None}}, {"auc": None}, {}],
    ids=["no deviation", "no value", "null", "absent"],
)
def test_a_difference_of_unknown_certainty_shows_nothing_and_is_for_a_person(told: dict[str, Any]) -> None:
    live = {**champion(auc=0.1), "differences": told}

    decision = decided(champion=live)

    assert decision.verdict == "needs-human"
    assert "could not be measured" in check(decision, "champion.auc").reason


def test_features_that_changed_are_named_for_a_person() -> None:
    changes = {"added": ["fee", "tenure"], "removed": ["age"], "retyped": ["plan"]}

    decision = decided(champion={**champion(auc=0.1), "features": changes})

    assert decision.verdict == "needs-human"
    assert check(decision, "champion.features").reason == (
        "The features are not the champion's: added: fee, tenure; removed: age; of another type: plan."
    )
    assert check(decision, "champion.auc").outcome == "pass"


def test_differences_that_are_missing_are_for_a_person() -> None:
    live = {name: part for name, part in champion(auc=0.1).items() if name != "differences"}

    decision = decided(champion=live)

    assert decision.verdict == "needs-human"
    assert "older version" in check(decision, "champion.auc").reason


SLICES = {"slices": {"maximum_loss": 0.05, "minimum_rows": 100}}


def test_a_slice_fails_only_where_its_loss_is_shown() -> None:
    """The same loss: many rows show it, few do not."""
    parts = [slice_of("basic", deviation=0.005, auc=-0.08), slice_of("plus", deviation=0.05, auc=-0.08)]

    decision = decided(SLICES, champion=champion(auc=0.0), slices=parts)

    assert decision.verdict == "fail"
    assert check(decision, "slices.plan = basic").outcome == "fail"
    assert check(decision, "slices.plan = plus").outcome == "pass"
    assert decision.summary.startswith("In plan = basic (500 rows) the gain of auc is -0.0800, at most ")


def test_many_slices_need_more_evidence_each() -> None:
    """Bonferroni: alone the loss is shown, among forty it may be chance."""
    loser = slice_of("basic", deviation=0.01, auc=-0.05 - 2 * 0.01)
    others = [slice_of(f"p{number}", auc=0.0) for number in range(39)]

    alone = decided(SLICES, champion=champion(auc=0.0), slices=[loser])
    among = decided(SLICES, champion=champion(auc=0.0), slices=[loser, *others])

    assert check(alone, "slices.plan = basic").outcome == "fail"
    assert check(among, "slices.plan = basic").outcome == "pass"


def test_slices_that_are_small_or_undefined_are_skipped_by_name() -> None:
    parts = [
        slice_of("tiny", rows=99, auc=-0.9),
        slice_of("unclear", deviation=None, auc=-0.9),
        slice_of("unscored"),
        slice_of("rare", rarest=19, deviation=0.001, auc=-0.9),
        slice_of("fine", rarest=20, auc=0.0),
    ]

    decision = decided(SLICES, champion=champion(auc=0.0), slices=parts)

    assert decision.verdict == "pass"
    assert check(decision, "slices.skipped").reason == (
        "No difference of auc is defined in plan = unclear, plan = unscored: not judged. "
        "Fewer than 100 rows in plan = tiny: not judged. "
        "Fewer than 20 rows of the rarest class in plan = rare: not judged."
    )
    assert [one.name for one in decision.checks if one.name.startswith("slices.plan")] == ["slices.plan = fine"]


@pytest.mark.parametrize("rarest", [2, None])
def test_a_metric_of_all_rows_needs_no_rows_of_a_rare_class(rarest: int | None) -> None:
    policy = {"slices": {**SLICES["slices"], "metric": "accuracy"}}
    parts = [slice_of("basic", rarest=rarest, deviation=0.001, accuracy=-0.2)]

    decision = decided(policy, champion=champion(auc=0.0), slices=parts)

    assert check(decision, "slices.plan = basic").outcome == "fail"


def test_few_rows_of_a_class_need_more_evidence() -> None:
    """Student's distribution, by the rows of the rarest class: of 5 % it exceeds 1.729 with 19 degrees of freedom."""
    edge = -0.05 - 1.7291 * 0.01

    def outcome(gain: float) -> str:
        parts = [slice_of("a", deviation=0.01, rarest=20, auc=gain)]
        return check(decided(SLICES, champion=champion(auc=0.0), slices=parts), "slices.plan = a").outcome

    assert (outcome(edge + 1e-5), outcome(edge - 1e-5)) == ("pass", "fail")


def test_of_many_slices_the_worst_have_checks_and_the_rest_a_sentence() -> None:
    parts = [slice_of(f"p{number:03}", deviation=0.001, auc=-0.3 + number / 1000) for number in range(400)]

    decision = decided(SLICES, champion=champion(auc=0.0), slices=parts)

    rest = check(decision, "slices.rest")
    assert len(decision.checks) < 50
    assert decision.checks[-1 - 6 - 20].name == "slices.plan = p000"
    assert "Other slices that were judged: 380; shown to lose more than 0.05 of auc: " in rest.reason
    assert rest.outcome == "fail"
    assert len(json.dumps(decision.to_json())) < 32_000


def test_kinds_of_slices_are_told_apart() -> None:
    kinds = [("basic", "value"), ("other", "other"), ("missing", "missing"), ("up to 30", "range")]
    parts = [{**slice_of(value, auc=0.0), "kind": kind} for value, kind in kinds]

    decision = decided(SLICES, champion=champion(auc=0.0), slices=parts)

    names = {one.name for one in decision.checks if one.name.startswith("slices.")}
    assert names == {"slices.plan = basic", "slices.plan: other values", "slices.plan missing", "slices.plan up to 30"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"champion": {"error": "gone"}, "slices": [slice_of("a")]}, "could not be scored"),
        ({"champion": champion(auc=0.0), "slices": []}, "holds none"),
        ({"champion": champion(auc=0.0), "slices": [slice_of("a"), slice_of("b")]}, "are missing"),
        ({"champion": champion(auc=0.0), "slices": [slice_of("a", rarest=None, auc=0.0)]}, "does not count"),
        ({"champion": champion(auc=0.0), "slices": ...}, "older version"),
    ],
)
def test_slices_that_should_have_been_compared_and_were_not_are_for_a_person(
    changes: dict[str, Any], words: str
) -> None:
    found = check(decided(SLICES, **changes), "slices")

    assert (found.outcome, found.on_failure) == ("fail", "needs-human")
    assert words in found.reason


def test_without_a_champion_slices_are_skipped() -> None:
    decision = decided(SLICES, slices=[slice_of("a")])

    assert check(decision, "slices").outcome == "skipped"
    assert decision.verdict == "pass"


@pytest.mark.parametrize("minimum", [{}, {"minimum_gain": 0.001}], ids=["by default", "a gain"])
def test_an_identical_model_is_not_worse_and_not_better(minimum: dict[str, float]) -> None:
    same = {"champion": champion(0.0, auc=0.0)}
    better = decided({"champion": {"policy": "better", **minimum}}, **same)

    assert decided(**same).verdict == "pass"
    assert better.verdict == "fail"
    assert ("not shown to be above +0." in check(better, "champion.auc").reason) == (not minimum)


@pytest.mark.parametrize(
    ("loss", "outcome"), [(0.05, "pass"), (0.2, "fail"), (-0.2, "pass")], ids=["a little", "much worse", "better"]
)
def test_probabilities_that_got_much_worse_are_for_a_person(loss: float, outcome: str) -> None:
    """A search by AUC may keep four rounds, whose scores rank well and say nothing. The champion's log loss is 0.83."""
    worse = check(decided(champion=champion(auc=0.0, log_loss=loss)), "champion.log_loss")

    assert (worse.outcome, worse.on_failure) == (outcome, "needs-human")


def test_a_gate_that_compares_log_loss_compares_it_once() -> None:
    rule = {"champion": {"metric": "log_loss", "minimum_gain": -0.3}}
    found = decided(rule, champion=champion(log_loss=0.2)).checks

    assert [one.outcome for one in found if one.name == "champion.log_loss"] == ["pass"]
