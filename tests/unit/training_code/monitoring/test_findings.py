"""A check's whole answer: what is found, what is not, and what is said of it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitoring.distributions import LevelCounts, NumberCounts
from monitoring.documents import constraints_in_force, violations_document, window_statistics
from monitoring.findings import find
from monitoring.observed import Observed, Truths, Unreadable
from monitoring.reference import Reference
from tests.unit.training_code.monitoring.versions import (
    CITY,
    INCOME,
    PLAN,
    SETTINGS,
    VISITS,
    check,
    checks,
    draw,
    feature,
    judge,
    labels_of,
    version,
)

DIMENSIONS = ("data-quality", "predictions", "model-quality", "bias", "attribution")
NUMBERS = {"mean", "deviation", "minimum", "maximum"}


def test_new_rows_of_the_same_customers_have_not_drifted():
    rows = draw(1000, 10)
    found = check(rows, labels_of(rows, 11))
    assert found["verdict"] == "no-drift"
    assert [found["dimensions"][name]["status"] for name in DIMENSIONS] == ["no-drift"] * 5
    assert found["violations"] == []
    assert found["testing"]["tests"] > 10
    assert found["summary"].startswith("Nothing has moved since version 6 was trained, by ")
    assert "auc is " in found["summary"]


def test_false_alarms_are_rare():
    """60 windows; the whole family of tests may be wrong in one of a hundred."""
    alarms = [check(rows := draw(300, 1000 + seed), labels_of(rows, seed))["verdict"] == "drift" for seed in range(60)]
    assert sum(alarms) <= 2


def test_a_number_that_moved_is_named_with_what_it_did_to_the_scores():
    rows = draw(1000, 12)
    rows[:, VISITS] = np.minimum(rows[:, VISITS] + 6, 19)
    found = check(rows, examples=({"record": {"visits": 2}, "score": 0.9}, {"record": {"visits": "19"}, "score": 0.1}))
    moved = feature(found, "visits")
    assert found["verdict"] == "drift"
    assert (moved["status"], moved["adjusted_p_value"] < 0.001, moved["distance"] > moved["bound"]) == ("drift", 1, 1)
    assert moved["score_effect"] < -0.5
    assert moved["example"] == {"record": {"visits": "19"}, "score": 0.1}
    assert [found["violations"][place]["feature_name"] for place in moved["violations"]] == ["visits"]
    assert found["dimensions"]["data-quality"]["features"][0]["name"] == "visits"
    means = f"visits's mean is {moved['mean']:.3g} where it was {moved['baseline_mean']:.3g}"
    assert found["summary"].startswith(f"visits has moved since version 6 was trained: {means}, ")
    assert "which lowers the log-odds by" in found["summary"]
    assert "The mean score is " in found["summary"]
    assert found["dimensions"]["predictions"]["status"] == "drift"


def test_a_level_that_moved_is_named():
    rows = draw(1000, 13)
    rows[np.random.default_rng(1).random(1000) < 0.25, CITY] = 2
    found = check(rows)
    assert ("city", "baseline_drift_check") in checks(found)
    assert "of city is 'Ulm' where it was 21%" in found["summary"]


def test_more_missing_cells_than_before():
    rows = draw(1000, 14)
    rows[np.random.default_rng(1).random(1000) < 0.1, INCOME] = np.nan
    found = check(rows)
    assert ("income", "completeness_check") in checks(found)
    assert ("income", "baseline_drift_check") not in checks(found)
    assert "income is missing more often" in found["summary"]


def test_a_column_that_is_not_sent_is_no_missing_cell():
    rows = draw(1000, 15)
    rows[:400, INCOME] = np.nan
    found = check(rows, absent_columns={"income": 400})
    assert checks(found) == [("income", "missing_column_check")]
    assert "income was not sent in" in found["summary"]


def test_a_column_that_nobody_knows():
    found = check(draw(1000, 16), unknown_columns={"shoe_size": 900, "typo": 3})
    assert checks(found) == [("shoe_size", "extra_column_check")]
    assert "90.0% of the rows have a column shoe_size" in found["summary"]


def test_a_number_whose_cells_are_words():
    rows = draw(1000, 17)
    window = version().window(rows)
    words = replace(window.features["visits"], counts=window.features["visits"].counts // 4, unreadable=750)
    found = judge(replace(window, features={**window.features, "visits": words}))
    assert ("visits", "data_type_check") in checks(found)
    assert feature(found, "visits")["unreadable_share"] == pytest.approx(0.75, abs=0.01)
    assert "visits holds no numbers in 76% of the rows" in found["summary"]


def test_values_outside_of_the_learned_range():
    rows = draw(1000, 18)
    rows[:60, VISITS] = 25
    found = check(rows)
    assert checks(found) == [("visits", "numeric_range_check")]
    bins = feature(found, "visits")["bins"]
    assert bins[-1] == {"from": 19.0, "to": None, "share": 0.06, "baseline_share": 0.0}
    assert sum(entry["share"] for entry in bins) == pytest.approx(1)


def test_levels_that_no_training_row_has():
    rows = draw(1000, 19)
    rows[:60, CITY] = 3
    found = check(rows)
    assert ("city", "categorical_values_check") in checks(found)
    moved = feature(found, "city")
    assert (moved["unseen_share"], moved["unseen_examples"]) == (0.06, {"new": 60})


def test_below_the_least_number_of_rows_nothing_is_judged():
    rows = draw(150, 20) + 100
    found = check(rows, labels_of(rows, 1))
    assert (found["verdict"], found["violations"], found["testing"]["tests"]) == ("not-enough-data", [], 0)
    for name in DIMENSIONS:
        assert found["dimensions"][name]["status"] == "not-enough-data"
        assert found["dimensions"][name]["reason"] == "150 rows were found; 200 are needed."
    entries = found["dimensions"]["data-quality"]["features"]
    assert {(entry["status"], entry["reason"], entry["p_value"]) for entry in entries} == {
        ("not-enough-data", "150 rows were found; 200 are needed.", None)
    }
    assert found["summary"] == "Nothing can be said yet: this window holds 150 rows, and a check needs 200."


@pytest.mark.parametrize(
    ("wrong", "verdict", "status"), [(True, "drift", "drift"), (False, "not-enough-data", "no-drift")]
)
def test_in_a_quiet_window_labels_are_judged_by_their_own_number(wrong: bool, verdict: str, status: str):
    """Those of the hours before come late, and may be many."""
    window = version().window(draw(10, 40))
    rows = draw(400, 41)
    labels = labels_of(rows, 42)
    labelled = version().window(rows, 1 - labels if wrong else labels)

    found = judge(replace(window, truth=labelled.truth), settings=replace(SETTINGS, min_labels=100))

    assert found["verdict"] == verdict
    statuses = {name: found["dimensions"][name]["status"] for name in DIMENSIONS}
    assert statuses == {**dict.fromkeys(DIMENSIONS, "not-enough-data"), "model-quality": status}


def test_an_empty_window():
    found = check(draw(0, 21))
    assert found["verdict"] == "not-enough-data"
    assert "0 rows" in found["summary"]
    assert window_statistics(version().reference, version().window(draw(0, 21)))["dataset"]["item_count"] == 0


def test_one_row():
    assert "holds 1 row," in check(draw(1, 22))["summary"]


def test_a_feature_of_which_every_value_is_missing_now():
    rows = draw(500, 23)
    rows[:, INCOME] = np.nan
    found = check(rows)
    moved = feature(found, "income")
    assert ("income", "completeness_check") in checks(found)
    assert (moved["status"], moved["distance"], moved["mean"]) == ("drift", None, None)
    assert moved["reason"] == "No row of this window has a value of it."


def test_a_feature_that_had_no_value_in_training():
    empty = NumberCounts(np.empty(0), np.zeros(1, dtype=np.int64), 5000, *[np.nan] * 4)
    reference = replace(version().reference, features={**version().reference.features, "income": empty})
    window = version().window(draw(500, 24))
    now = replace(empty, counts=np.array([475]), missing=25, minimum=1.0, maximum=9.0, mean=3.0, deviation=1.0)
    observed = replace(window, features={**window.features, "income": now})
    found = find(PLAN, SETTINGS, reference, observed, version().artifact)
    entry = feature(found, "income")
    assert (entry["status"], entry["reason"], entry["bins"]) == (
        "not-enough-data",
        "No row that the version learned from has a value of it.",
        [],
    )
    json.dumps(found, allow_nan=False)


def test_what_could_not_be_read_says_so():
    window = version().window(draw(500, 25))
    found = judge(replace(window, features={}, outputs={}, labels=None, sample=window.sample[:0]))
    assert (found["verdict"], found["testing"]["tests"]) == ("no-drift", 1)
    quality = found["dimensions"]["data-quality"]
    assert (quality["status"], quality["reason"]) == ("not-measured", "Nothing of it could be tested.")
    assert {entry["reason"] for entry in quality["features"]} == {
        "Its values could not be read from what was captured."
    }
    assert found["dimensions"]["attribution"]["reason"] == "0 rows could be encoded; 20 are needed."


def test_since_when_a_feature_has_drifted():
    def past(end: str, verdict: str, *names: str) -> dict[str, Any]:
        violations = [{"dimension": "data-quality", "feature_name": name} for name in names]
        return {"check_id": end, "end": end, "verdict": verdict, "violations": violations, "features": {}}

    history = (
        past("06", "drift", "visits"),
        past("07", "no-drift"),
        past("08", "drift", "visits", "city"),
        past("09", "not-enough-data"),
        past("10", "drift", "visits"),
    )
    rows = draw(1000, 26)
    rows[:, VISITS] += 6
    rows[:, CITY] = 2
    found = check(rows, plan=replace(PLAN, history=history))
    assert (feature(found, "visits")["since"], feature(found, "city")["since"]) == ("08", PLAN.end)
    assert feature(found, "income")["since"] is None
    assert [point["end"] for point in found["trend"]] == ["06", "07", "08", "09", "10", PLAN.end]
    assert {"dimension": "data-quality", "feature_name": "visits"} in found["trend"][-1]["violations"]
    assert found["trend"][-1]["features"]["visits"]["distance"] == feature(found, "visits")["distance"]
    assert found["trend"][-1]["score"]["distance"] > 0.1


def test_the_document_is_json_and_the_same_again():
    rows = draw(1000, 27)
    found = check(rows, labels_of(rows, 1), unreadable=Unreadable(2, (("a.jsonl", 7, "no JSON"),)), duplicates=3)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (
        check(rows, labels_of(rows, 1), unreadable=Unreadable(2, (("a.jsonl", 7, "no JSON"),)), duplicates=3) == found
    )
    assert found["records"]["unreadable"] == {
        "count": 2,
        "examples": [{"file": "a.jsonl", "line": 7, "reason": "no JSON"}],
    }
    assert (found["records"]["duplicates"], found["checked_at"], found["analyzer"]) == (
        3,
        PLAN.asked_at,
        "sluice monitor.py",
    )


def test_every_feature_has_the_same_fields():
    entries = check(draw(400, 28))["dimensions"]["data-quality"]["features"]
    assert len({frozenset(entry) for entry in entries}) == 1
    assert set(entries[0]) >= NUMBERS | {"importance", "score_effect", "since", "example", "violations", "bins"}


def test_operations_are_passed_on():
    plan = replace(PLAN, operations={"invocations": 9})
    assert check(draw(400, 29), plan=plan)["dimensions"]["operations"] == {"status": "reported", "invocations": 9}
    assert check(draw(400, 29))["dimensions"]["operations"]["status"] == "not-measured"


def test_violations_in_model_monitors_schema():
    rows = draw(1000, 30)
    rows[:, VISITS] = 25
    document = violations_document(check(rows))
    assert {"feature_name", "constraint_check_type", "description"} in [set(found) for found in document["violations"]]
    assert violations_document(check(draw(1000, 10))) == {"violations": []}


def test_statistics_of_the_window_in_model_monitors_schema():
    rows = draw(1000, 31)
    rows[:10, CITY] = 3
    document = window_statistics(version().reference, version().window(rows))
    visits, income, city = document["features"]
    assert document["dataset"]["item_count"] == 1000
    numbers = visits["numerical_statistics"]
    assert (visits["inferred_type"], income["inferred_type"]) == ("Integral", "Fractional")
    assert numbers["mean"] == pytest.approx(rows[:, VISITS].mean())
    assert numbers["sum"] == pytest.approx(rows[:, VISITS].sum())
    buckets = numbers["distribution"]["kll"]["buckets"]
    assert sum(bucket["count"] for bucket in buckets) == 1000
    assert (buckets[0]["lower_bound"], buckets[-1]["upper_bound"]) == (0, 19)
    assert income["numerical_statistics"]["common"]["num_missing"] == np.isnan(rows[:, INCOME]).sum()
    assert city["string_statistics"]["common"]["num_present"] == 1000
    assert {"value": "(levels that no training row has)", "count": 10} in city["string_statistics"]["distribution"][
        "categorical"
    ]["buckets"]


def test_constraints_in_force_are_the_training_rows_with_the_bounds_of_the_definition():
    reference = replace(version().reference, constraints={"version": 0.0, "features": [{"name": "visits"}]})
    document = constraints_in_force(reference, replace(SETTINGS.bounds, kolmogorov_smirnov=0.2))
    assert document["features"] == [{"name": "visits"}]
    assert document["monitoring_config"]["distribution_constraints"]["comparison_threshold"] == 0.2
    assert document["monitoring_config"]["domain_content_threshold"] == 0.98


def test_labels_alone_are_judged_too():
    window = version().window(draw(1000, 32))
    found = judge(replace(window, labels=LevelCounts({"No": 200, "Yes": 800}, 0)))
    moved = found["dimensions"]["predictions"]["labels"]
    assert (moved["status"], moved["since"]) == ("drift", found["violations"][0]["since"])
    assert checks(found) == [("predicted label", "prediction_drift_check")]
    assert found["summary"] == "The predicted labels have moved."


def test_labelled_rows_are_told():
    rows = draw(400, 33)
    window = version().window(rows, labels_of(rows, 1))
    found = judge(replace(window, kept_rows=390))
    assert (found["labelled_rows"], found["dimensions"]["model-quality"]["labelled_rows"]) == (390, 400)
    assert judge(replace(window, truth=Truths(), kept_rows=0))["labelled_rows"] == 0


def test_a_constant_that_stayed_constant_has_not_drifted():
    """There is nothing to test of it, and nothing wrong with it."""
    rows = draw(1000, 34)
    rows[:, CITY] = 0
    known = version().reference
    reference = replace(known, features={**known.features, "city": LevelCounts({"Bonn": 5000}, 0)})
    found = find(PLAN, SETTINGS, reference, _counted_by(reference, rows), version().artifact)
    entry = feature(found, "city")
    assert (entry["status"], entry["distance"], entry["p_value"], "reason" in entry) == ("no-drift", 0, None, False)


def _counted_by(reference: Reference, rows: Any) -> Observed:
    return replace(version(), reference=reference).window(rows)


def test_a_label_that_the_test_split_never_got_is_no_unseen_level():
    """The model's own answers are not mistyped: they drift, or they do not."""
    window = version().window(draw(1000, 35))
    found = judge(replace(window, labels=LevelCounts({"No": 550, "Yes": 250}, 0, unseen=200)))
    assert checks(found) == [("predicted label", "prediction_drift_check")]
