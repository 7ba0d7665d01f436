"""What a trial comes to, and what holds of it whatever was measured."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.definition.deployment import AbTest, Shadow
from sluice.trial.agreement import Agreement
from sluice.trial.decision import LabelsSeen, QualityRule, Side, Verdict, judge_ab_test, judge_shadow
from sluice.trial.quality import Measurement
from sluice.trial.traffic import Traffic

RULE = QualityRule("auc", 0.005)
AGREED = Agreement(
    pairs=1000, agreed=990, unlike=0, mean_difference=0.01, median_difference=0.0, p95_difference=0.05,
    largest_difference=0.4,
)  # fmt: skip


def side(name: str, requests: int = 1000, errors: int = 0, ms: float | None = 5.0, **more: Any) -> Side:
    return Side(int(name[1:]), name, Traffic(requests, errors, ms, ms), **more)


def labelled(name: str, auc: float, deviation: float | None = 0.01, loss: float = 0.4, **more: Any) -> Side:
    quality = {"auc": Measurement(auc, deviation), "log_loss": Measurement(loss, 0.01)}
    return side(name, **{"labels": 500, "quality": quality, **more})


def ab_test(challenger: Side, champion: Side | None = None, **policy: Any) -> Verdict:
    rules = AbTest(strategy="ab-test", **policy)
    return judge_ab_test("churn", rules, RULE, champion or side("v6"), challenger)


def outcome(verdict: Verdict, name: str) -> str:
    return next(check.outcome for check in verdict.checks if check.name == name)


def test_a_challenger_without_fault_is_promoted() -> None:
    verdict = ab_test(side("v7"))

    assert verdict.decision == "promote"
    assert verdict.reason.startswith(
        "v7 did well and gets all traffic. v7 had 1,000 requests and v6 had 1,000 requests."
    )
    assert "Quality was not judged: ground truth arrived for 0 answers of v7" in verdict.reason


def test_a_person_decides_where_the_policy_asks_for_one() -> None:
    verdict = ab_test(side("v7"), after="ask")

    assert verdict.decision == "keep"
    assert "A person decides: sluice traffic churn --set v7=100, or sluice rollback churn." in verdict.reason


@pytest.mark.parametrize(("champion", "challenger"), [(99, 1000), (1000, 99), (0, 0)])
def test_too_few_requests_decide_nothing(champion: int, challenger: int) -> None:
    verdict = ab_test(side("v7", challenger, errors=challenger), side("v6", champion))

    assert (verdict.decision, [check.name for check in verdict.checks]) == ("keep", ["requests"])
    assert "too few to compare, of each at least 100" in verdict.reason


@pytest.mark.parametrize(("errors", "decision"), [(15, "promote"), (16, "roll-back")])
def test_more_errors_than_the_policy_accepts_take_it_back(errors: int, decision: str) -> None:
    verdict = ab_test(side("v7", errors=errors), side("v6", errors=5))

    assert (verdict.decision, outcome(verdict, "errors")) == (decision, "pass" if decision == "promote" else "fail")
    assert f"v7 failed {errors / 10:.2f} % of its requests and v6 0.50 %" in verdict.reason
    assert "more than 1 percentage point above" in verdict.reason


@pytest.mark.parametrize(("ms", "decision"), [(7.5, "promote"), (7.6, "roll-back"), (0.1, "promote"), (None, "keep")])
def test_a_slow_challenger_is_taken_back_and_an_unmeasured_one_is_not_promoted(ms: float | None, decision: str) -> None:
    assert ab_test(side("v7", ms=ms)).decision == decision


def test_a_worse_model_is_taken_back_only_when_that_is_shown() -> None:
    champion = labelled("v6", 0.80)

    assert ab_test(labelled("v7", 0.78, deviation=0.05), champion).decision == "promote"
    verdict = ab_test(labelled("v7", 0.70), champion)
    assert verdict.decision == "roll-back"
    assert "auc is 0.7000 of v7 and 0.8000 of v6: a gain of at most -0.07" in verdict.reason
    assert "at 95 % confidence, shown to be below -0.005." in verdict.reason


def test_quality_counts_from_so_many_labels_on() -> None:
    worse = labelled("v7", 0.5)

    assert ab_test(worse, labelled("v6", 0.9, labels=199)).decision == "promote"
    assert ab_test(worse, labelled("v6", 0.9, labels=200)).decision == "roll-back"


@pytest.mark.parametrize(
    ("seen", "decision"),
    [
        (LabelsSeen(), "promote"),
        (LabelsSeen(complete=False), "keep"),
        (LabelsSeen(unusable=1), "keep"),
        (LabelsSeen(complete=False, unusable=2000), "keep"),
    ],
)
def test_quality_that_labels_were_sent_for_is_judged_or_left_to_a_person(seen: LabelsSeen, decision: str) -> None:
    verdict = judge_ab_test("churn", AbTest(strategy="ab-test"), RULE, side("v6"), side("v7"), seen)

    assert verdict.decision == decision
    assert ("could not be used" in verdict.reason) == bool(seen.unusable)


def test_unusable_labels_hold_up_nothing_where_enough_others_came() -> None:
    champion, challenger = labelled("v6", 0.8), labelled("v7", 0.8)

    verdict = judge_ab_test("churn", AbTest(strategy="ab-test"), RULE, champion, challenger, LabelsSeen(unusable=9))

    assert verdict.decision == "promote"


def test_labels_that_do_not_suffice_leave_it_to_a_person() -> None:
    verdict = ab_test(labelled("v7", 0.8, deviation=None), labelled("v6", 0.8))

    assert (verdict.decision, outcome(verdict, "quality.auc")) == ("keep", "fail")


def test_scores_that_say_less_are_for_a_person() -> None:
    verdict = ab_test(labelled("v7", 0.8, loss=0.6), labelled("v6", 0.8))

    assert (verdict.decision, outcome(verdict, "quality.log_loss")) == ("keep", "fail")


def test_a_fault_is_told_before_what_is_missing() -> None:
    verdict = ab_test(side("v7", errors=500, ms=None))

    assert verdict.decision == "roll-back"
    assert verdict.reason.startswith("v7 is taken back. v7 failed 50.00 %")


@pytest.mark.parametrize(
    ("agreement", "decision"),
    [
        (AGREED, "promote"),
        (Agreement(1000, 949, 0, 0.1, 0.1, 0.1, 0.1), "roll-back"),
        (Agreement(1000, 1000, 100, 0.0, 0.0, 0.0, 0.0), "roll-back"),
        (Agreement(99, 99, 0, 0.0, 0.0, 0.0, 0.0), "keep"),
        (Agreement(0, 0, 0, None, None, None, None), "keep"),
    ],
)
def test_a_shadow_must_agree(agreement: Agreement, decision: str) -> None:
    verdict = judge_shadow("churn", Shadow(strategy="shadow"), agreement, side("v6"), side("v7"))

    assert verdict.decision == decision


def test_how_far_a_shadow_is_off_is_told() -> None:
    verdict = judge_shadow("churn", Shadow(strategy="shadow", after="ask"), AGREED, side("v6"), side("v7", ms=6.0))

    assert verdict.decision == "keep"
    assert "v7 agreed with v6 on 99.00 % of 1,000 answers: at least 95 %." in verdict.reason
    assert "19 of 20 by 0.0500, and all by 0.4000." in verdict.reason


traffics = st.builds(
    Traffic,
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.none() | st.floats(0.1, 100),
    st.none() | st.floats(0.1, 100),
)
measured = st.builds(Measurement, st.floats(0, 1), st.none() | st.floats(0, 0.2))
sides = st.builds(
    Side,
    st.just(7),
    st.just("v7"),
    traffics,
    st.integers(0, 1000),
    st.dictionaries(st.sampled_from(["auc", "log_loss"]), measured),
)


@settings(deadline=None)
@given(sides, sides)
def test_nothing_is_promoted_that_was_not_measured(champion: Side, challenger: Side) -> None:
    verdict = ab_test(challenger, champion)

    if verdict.decision == "promote":
        assert min(champion.traffic.requests, challenger.traffic.requests) >= 100
        assert challenger.traffic.median_ms is not None
        assert all(check.outcome != "fail" for check in verdict.checks)
    assert all(check.reason in verdict.reason for check in verdict.checks)


@settings(deadline=None)
@given(sides, sides, st.integers(0, 500))
def test_more_errors_never_turn_a_verdict_into_promotion(champion: Side, challenger: Side, more: int) -> None:
    traffic = challenger.traffic
    worse = Side(
        7,
        "v7",
        Traffic(traffic.requests, traffic.errors + more, traffic.median_ms, traffic.p99_ms),
        challenger.labels,
        challenger.quality,
    )

    if ab_test(challenger, champion).decision != "promote":
        assert ab_test(worse, champion).decision != "promote"


@settings(deadline=None)
@given(sides, sides)
def test_who_asks_for_a_person_gets_one(champion: Side, challenger: Side) -> None:
    promoted, asked = ab_test(challenger, champion), ab_test(challenger, champion, after="ask")

    assert asked.decision == ("keep" if promoted.decision == "promote" else promoted.decision)
