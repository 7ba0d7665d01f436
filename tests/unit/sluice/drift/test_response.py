from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.definition.monitoring import DriftResponse
from sluice.drift import Checked, Decision, Item, Obstacle, Situation, TrainingData, decide

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AGE: Item = ("data-quality", "age")
PLAN: Item = ("data-quality", "plan")
AUC: Item = ("model-quality", "auc")
ALL = frozenset({"data-quality", "model-quality"})
FRESH = TrainingData("s3://b/new.csv@2", "s3://b/new.csv@2", 0)


def check(hour: int, *items: Item, **changes: Any) -> Checked:
    """Of the hour before NOON + `hour`."""
    end = NOON + timedelta(hours=hour)
    return replace(
        Checked(f"check-{hour}", end - timedelta(hours=1), end, 6, ALL, frozenset(items)),  # type: ignore[arg-type]
        **changes,
    )


def told(hour: int, *items: Item, **changes: Any) -> Checked:
    return check(hour, *items, told=True, **changes)


def decision(now: Checked, *earlier: Checked, policy: DriftResponse | None = None, **more: Any) -> Decision:
    response = policy or DriftResponse()
    return decide(Situation(NOON, response, **{"live": 6, "check": now, "earlier": earlier, **more}))


def retraining(**changes: Any) -> DriftResponse:
    return DriftResponse(action="retrain", **changes)


def test_drift_is_told_when_it_begins() -> None:
    made = decision(check(0, AGE), check(-1))

    assert (made.response, made.tells) == ("notify", "DRIFT_FOUND")
    assert made.reason == "drift in age (data-quality)"


def test_the_same_drift_is_not_told_again() -> None:
    made = decision(check(0, AGE), told(-2, AGE), check(-1, AGE))

    assert (made.response, made.tells) == ("ignore", None)
    assert made.reason == "drift in age (data-quality) still, as was told"


def test_what_is_new_in_it_is_told() -> None:
    made = decision(check(0, AGE, AUC), told(-1, AGE))

    assert made.tells == "DRIFT_FOUND"
    assert made.reason == "drift in auc (model-quality); also known: age (data-quality)"


def test_a_feature_that_returns_to_the_baseline_and_drifts_again_is_told_again() -> None:
    assert decision(check(0, AGE, PLAN), told(-2, AGE, PLAN), check(-1, PLAN)).tells == "DRIFT_FOUND"


def test_its_end_is_told_once() -> None:
    ended = decision(check(0), told(-1, AGE))

    assert (ended.response, ended.tells) == ("notify", "DRIFT_ENDED")
    assert decision(check(1), told(-1, AGE), told(0)).tells is None


def test_a_drift_that_nobody_was_told_of_ends_in_silence() -> None:
    assert decision(check(0), check(-1, AGE)).tells is None


@pytest.mark.parametrize("judged", [frozenset[str](), frozenset({"model-quality"})])
def test_a_check_that_could_not_judge_a_dimension_ends_no_drift_in_it(judged: Any) -> None:
    """Too few rows; or the other of Model Monitor's two schedules."""
    made = decision(check(0, judged=judged), told(-1, AGE))

    assert (made.response, made.tells) == ("ignore", None)
    assert decision(check(1, AGE), told(-1, AGE), check(0, judged=judged)).tells is None


def test_too_little_data_is_said() -> None:
    assert decision(check(0, judged=frozenset())).reason == "there was not enough to judge by"


def test_the_next_version_that_has_the_same_drift_is_told_of() -> None:
    assert decision(check(0, AGE, version=7), told(-1, AGE), live=7).tells == "DRIFT_FOUND"


def test_the_next_version_that_has_it_no_more_ends_it() -> None:
    assert decision(check(0, version=7), told(-1, AGE), live=7).tells == "DRIFT_ENDED"


@pytest.mark.parametrize(
    ("live", "version", "reason"),
    [
        (None, 6, "no version is in production any more"),
        (7, 6, "version 6 is not in production any more: version 7 is"),
        (7, None, "what it looked at is not in production any more"),
    ],
)
def test_nothing_follows_for_a_version_that_has_left(live: int | None, version: int | None, reason: str) -> None:
    made = decision(check(0, AGE, version=version), policy=retraining(), live=live)

    assert made == Decision("ignore", reason)


def test_nothing_follows_from_a_check_of_older_traffic_than_what_was_judged() -> None:
    assert decision(check(0, AGE), check(1)).reason == "a check of later traffic, check-1, was judged before"


def test_the_definition_may_say_that_nothing_follows() -> None:
    assert decision(check(0, AGE), policy=DriftResponse(action="ignore")).response == "ignore"


def test_only_the_dimensions_that_the_definition_names_are_acted_on() -> None:
    policy = retraining(to=("model-quality",))

    left = decision(check(0, AGE), policy=policy, data=FRESH)
    assert left == Decision("ignore", "drift in age (data-quality), which monitoring.response.to does not name")
    assert decision(check(0, AUC), policy=policy, data=FRESH).response == "retrain"


def test_several_checks_in_a_row_may_be_asked_for() -> None:
    policy = DriftResponse(after_checks=3)

    assert "2 checks in a row" in decision(check(0, AGE), check(-1, PLAN), policy=policy).reason
    assert decision(check(0, AGE), check(-1, PLAN), check(-2, AGE), policy=policy).tells == "DRIFT_FOUND"
    assert decision(check(0, AGE), check(-1), check(-2, AGE), policy=policy).response == "ignore"


def test_a_row_is_of_one_version_and_goes_over_checks_that_could_not_judge() -> None:
    policy = DriftResponse(after_checks=2)

    assert decision(check(0, AGE), check(-1, AGE, version=5), policy=policy).response == "ignore"
    assert decision(check(0, AGE), check(-1, judged=frozenset()), check(-2, AGE), policy=policy).response == "notify"


def test_two_checks_of_the_same_hours_are_one_in_a_row() -> None:
    """`sluice monitor --now`, pressed often, asks of the same requests."""
    pressed = replace(check(0, AGE), check_id="pressed", window_end=NOON - timedelta(minutes=1))

    assert decision(check(0, AGE), pressed, policy=DriftResponse(after_checks=2)).response == "ignore"


def test_a_retrain_follows_where_the_definition_asks_for_it() -> None:
    made = decision(check(0, AGE), policy=retraining(), data=FRESH)

    assert (made.response, made.tells) == ("retrain", "DRIFT_FOUND")
    assert made.reason == "drift in age (data-quality): a retrain on s3://b/new.csv@2 was asked for"


def test_it_follows_too_where_the_drift_was_told_while_it_was_not_possible() -> None:
    assert decision(check(0, AGE), told(-1, AGE, refused="cooldown"), policy=retraining(), data=FRESH).response == (
        "retrain"
    )


def test_labelled_rows_of_production_are_new_data() -> None:
    made = decision(check(0, AGE), policy=retraining(), data=TrainingData(None, "s3://b/old.csv@1", 640))

    assert "a retrain on s3://b/old.csv@1 and 640 labelled rows of production" in made.reason


REFUSALS = [
    (
        {"data": FRESH, "obstacle": Obstacle("under-way", "run 1 is under way")},
        "under-way",
        "run 1 is under way",
    ),
    (
        {"data": FRESH, "retrains": [NOON - timedelta(hours=23)]},
        "cooldown",
        "one is possible again from 2026-11-20 13:00 UTC",
    ),
    ({"data": TrainingData(None, "s3://b/old.csv@1", 99)}, "nothing-new", "there is nothing new to train on"),
    ({"data": TrainingData(None, "s3://b/old.csv@1", 739, 640)}, "nothing-new", "for drift had 640 already (100 are"),
    ({"data": TrainingData(None, None, 640)}, "nothing-new", "there is no upload to train on any more"),
]


@pytest.mark.parametrize(("more", "kind", "reason"), REFUSALS)
def test_a_retrain_that_may_not_begin_is_told_with_its_reason(more: Any, kind: str, reason: str) -> None:
    made = decision(check(0, AGE), policy=retraining(), **more)

    assert (made.response, made.tells) == ("notify", "DRIFT_FOUND")
    assert made.refused is not None
    assert made.refused.kind == kind
    assert f"No retrain follows: {made.refused.reason}" in made.reason
    assert reason in made.reason


def test_the_daily_cap_says_when_the_next_is_possible() -> None:
    earlier = [NOON - timedelta(hours=hours) for hours in (30, 20, 10)]

    made = decision(
        check(0, AGE), policy=retraining(cooldown_hours=1, max_retrains_per_day=2), data=FRESH, retrains=earlier
    )

    assert made.refused is not None
    assert made.refused.kind == "cap"
    assert "one is possible again from 2026-11-20 16:00 UTC" in made.reason


def test_a_refusal_of_a_drift_that_was_told_is_recorded_only() -> None:
    made = decision(check(0, AGE), told(-1, AGE), policy=retraining(), obstacle=Obstacle("under-way", "run 1 is on"))

    assert (made.response, made.tells) == ("ignore", None)
    assert "run 1 is on" in made.reason


def test_that_there_is_nothing_new_to_train_on_is_told_once() -> None:
    """Only a person can change it, so it is said also where the drift itself was told before."""
    nothing = TrainingData(None, "s3://b/old.csv@1", 0)

    first = decision(check(0, AGE), told(-1, AGE, refused="cooldown"), policy=retraining(), data=nothing)
    assert first.tells == "DRIFT_FOUND"
    again = decision(check(0, AGE), told(-1, AGE, refused="nothing-new"), policy=retraining(), data=nothing)
    assert again.tells is None


HOURS = st.lists(st.tuples(st.booleans(), st.integers(1, 6)), min_size=1, max_size=60)


@given(HOURS, st.integers(0, 48), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_neither_cap_nor_cooldown_is_ever_passed(
    checks: Sequence[tuple[bool, int]], cooldown: int, most: int, after: int
) -> None:
    policy = retraining(cooldown_hours=cooldown, max_retrains_per_day=most, after_checks=after)
    now, earlier, retrains = NOON, list[Checked](), list[datetime]()
    for place, (drifts, pause) in enumerate(checks):
        now += timedelta(hours=pause)
        items = frozenset({AGE}) if drifts else frozenset()
        one = Checked(f"c{place}", now - timedelta(hours=1), now, 6, ALL, items)  # type: ignore[arg-type]
        made = decide(Situation(now, policy, 6, one, list(earlier), list(retrains), None, FRESH))
        retrains += [now] if made.response == "retrain" else []
        earlier.append(replace(one, told=made.response != "ignore"))

    assert all(second - first >= timedelta(hours=cooldown) for first, second in pairwise(retrains))
    for at in retrains:
        assert sum(at - timedelta(hours=24) < each <= at for each in retrains) <= most


@given(st.lists(st.sets(st.sampled_from([AGE, PLAN, AUC])), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_drift_and_its_end_are_told_in_turns(hours: Sequence[set[Item]]) -> None:
    """Whatever drifts: an end is told only after a beginning, and as soon as all of it is gone."""
    earlier, known = list[Checked](), False
    for hour, items in enumerate(hours):
        one = check(hour, *items)
        made = decide(Situation(one.window_end, DriftResponse(), 6, one, list(earlier)))
        if made.tells == "DRIFT_ENDED":
            assert known
        known = bool(items)
        assert (made.tells == "DRIFT_ENDED") == (not items and bool(earlier) and bool(earlier[-1].items))
        earlier.append(replace(one, told=made.response != "ignore"))


def theirs(hour: int, *items: Item, **changes: Any) -> Checked:
    """A check of Model Monitor's."""
    return check(hour, *items, explains=False, **changes)


def test_what_model_monitor_finds_is_looked_at_by_our_own_job_before_a_retrain() -> None:
    made = decision(theirs(0, AGE), policy=retraining(), data=FRESH)

    assert (made.response, made.tells, made.asks_for_a_check) == ("notify", None, True)
    assert "our own job looks at the same hours now" in made.reason


def test_our_own_job_tells_what_both_found_and_retrains() -> None:
    made = decision(check(1, AGE), theirs(0, AGE), policy=retraining(), data=FRESH)

    assert (made.response, made.tells) == ("retrain", "DRIFT_FOUND")


def test_our_own_job_looks_once_a_day_while_the_drift_goes_on() -> None:
    again = decision(theirs(3, AGE), told(1, AGE), theirs(0, AGE), policy=retraining(), data=FRESH)
    assert (again.response, again.asks_for_a_check) == ("ignore", False)

    next_day = decision(theirs(27, AGE), told(1, AGE), theirs(0, AGE), policy=retraining(), data=FRESH)
    assert next_day.asks_for_a_check


def test_what_our_own_job_does_not_find_is_told_as_model_monitors() -> None:
    made = decision(theirs(1, AGE), check(1), theirs(0, AGE), policy=retraining(), data=FRESH)

    assert made.tells == "DRIFT_FOUND"
    assert "No retrain follows: check check-1, of our own job, has looked at this traffic" in made.reason


def test_a_look_of_our_own_job_at_other_hours_that_found_nothing_explains_nothing() -> None:
    """`sluice monitor --now` of yesterday."""
    made = decision(theirs(3, AGE), check(1), policy=retraining(), data=FRESH)

    assert made.asks_for_a_check


def test_both_of_model_monitors_checks_of_an_hour_have_our_own_job_look_once() -> None:
    """While it looks: it has not ended, so it is not among the earlier ones."""
    first = theirs(0, AGE, asks=True)

    second = decision(theirs(0, AUC, check_id="quality"), first, policy=retraining(), data=FRESH)
    assert (second.response, second.tells, second.asks_for_a_check) == ("ignore", None, False)
    assert "check check-0 of the same hours has our own job look at them" in second.reason
    assert decision(theirs(1, AUC), first, policy=retraining(), data=FRESH).asks_for_a_check


def test_nobody_looks_again_where_no_retrain_is_possible_anyway() -> None:
    made = decision(theirs(0, AGE), policy=retraining(), obstacle=Obstacle("under-way", "run 1 is under way"))

    assert (made.tells, made.asks_for_a_check) == ("DRIFT_FOUND", False)


def test_model_monitor_tells_by_itself_where_no_retrain_is_wanted() -> None:
    assert decision(theirs(0, AGE)).tells == "DRIFT_FOUND"


def test_what_only_our_own_job_looks_at_ends_with_the_rest_of_model_monitors() -> None:
    ours = told(0, AGE, ("predictions", "score"))

    assert decision(theirs(1, judged=frozenset({"data-quality"})), ours).tells == "DRIFT_ENDED"
    assert decision(theirs(1, judged=frozenset({"model-quality"})), ours).tells is None


def of_model_monitor(hour: int, kind: str, *items: Item) -> Checked:
    return check(hour, *items, judged=frozenset({kind}), explains=False, check_id=f"{kind}-{hour}")


def test_a_row_of_model_monitors_checks_is_not_broken_by_the_other_kind() -> None:
    """Both look at the same hours, and whichever is judged first finds nothing of the other's."""
    earlier = [of_model_monitor(-1, "data-quality", AGE), of_model_monitor(-1, "model-quality")]
    quiet_beside_it = of_model_monitor(0, "model-quality")

    made = decision(
        of_model_monitor(0, "data-quality", AGE), *earlier, quiet_beside_it, policy=DriftResponse(after_checks=2)
    )

    assert (made.response, made.tells) == ("notify", "DRIFT_FOUND")


def test_a_row_is_not_broken_by_a_check_that_could_not_look() -> None:
    unlabelled = check(-1, judged=frozenset({"data-quality"}))

    made = decision(check(0, AUC), unlabelled, check(-2, AUC), policy=DriftResponse(after_checks=2))

    assert made.tells == "DRIFT_FOUND"


def test_a_row_is_broken_by_a_check_that_looked_and_found_nothing() -> None:
    made = decision(check(0, AGE), check(-1), check(-2, AGE), policy=DriftResponse(after_checks=2))

    assert (made.response, "1 check in a row" in made.reason) == ("ignore", True)


def test_drift_of_an_hour_is_told_although_a_later_hour_had_too_little_to_judge_by() -> None:
    assert decision(check(0, AGE), check(1, judged=frozenset())).tells == "DRIFT_FOUND"
    assert decision(check(0, AGE), check(1)).response == "ignore"
    assert decision(check(0, AUC), check(1, judged=frozenset({"data-quality"}))).tells == "DRIFT_FOUND"


def test_each_batch_is_news_of_its_own_in_whatever_order_they_end() -> None:
    def batch(minutes: int, *items: Item) -> Checked:
        at = NOON + timedelta(minutes=minutes)
        return check(0, *items, window_start=at, window_end=at, check_id=f"batch-{minutes}")

    assert decision(batch(0, AGE), batch(1)).tells == "DRIFT_FOUND"
