import json
from typing import Any

import pytest

from sluice.model_card import MOST_CHARACTERS, card_content, card_text, report_facts
from tests.cards import METADATA, card_facts, evaluation, version


def content(**changes: Any) -> dict[str, Any]:
    return card_content(card_facts(**changes))


def groups(**changes: Any) -> dict[str, dict[str, float]]:
    (details,) = content(**changes)["evaluation_details"]
    return {
        group["name"]: {metric["name"]: metric["value"] for metric in group["metric_data"]}
        for group in details["metric_groups"]
    }


@pytest.mark.parametrize(
    ("task", "purpose"),
    [
        ("binary", "how likely the column 'churned' is 'yes'"),
        ("multiclass", "which of its classes the column 'churned' holds"),
        ("regression", "the number in the column 'churned'"),
    ],
)
def test_a_card_says_what_the_model_is_for(task: str, purpose: str) -> None:
    card = content(task=task)

    assert purpose in card["intended_uses"]["purpose_of_model"]
    assert "age, plan" in card["intended_uses"]["intended_uses"]
    assert card["model_overview"]["problem_type"].lower().startswith(task)


def test_a_card_says_where_the_model_comes_from() -> None:
    training = content()["training_details"]
    job = training["training_job_details"]

    assert job["training_arn"].endswith(":training-job/sluice-dev-churn-261120202448-3fa2-train")
    assert job["training_datasets"] == [METADATA["data_version"]]
    assert {"name": "eta", "value": "0.1"} in job["hyper_parameters"]
    assert "empty" not in [one["name"] for one in job["hyper_parameters"]]
    assert training["training_observations"] == (
        "Run 261120202448-3fa2, training code sha256 9f86d081. The model keeps the first 6 rounds."
    )
    assert training["objective_function"]["function"]["function"] == "Maximize"


def test_training_metrics_are_those_of_the_round_that_is_kept() -> None:
    metrics = content()["training_details"]["training_job_details"]["training_metrics"]

    assert {one["name"]: one["value"] for one in metrics} == {"train-auc": 0.8, "validation-auc": 0.8}


def test_without_a_report_the_definitions_hyperparameters_are_told() -> None:
    job = content(report={})["training_details"]["training_job_details"]

    assert (job["training_metrics"], job["hyper_parameters"]) == ([], [])


def test_the_evaluation_has_values_deviations_the_champion_and_slices() -> None:
    (details,) = content()["evaluation_details"]

    assert groups() == {
        "test split": {"auc": 0.84, "f1": 0.6},
        "champion": {"auc": 0.84, "f1": 0.6},
        "difference to the champion": {"auc": -0.002, "f1": -0.002},
        "plan: level 1, 11 rows": {"auc": 0.84, "f1": 0.6},
        "plan: level 0, 10 rows": {"auc": 0.84, "f1": 0.6},
    }
    assert details["metric_groups"][0]["metric_data"][0]["notes"] == "standard deviation 0.01"
    assert details["metadata"]["threshold"] == "0.42"


def test_a_first_version_has_no_champion_to_tell_of() -> None:
    assert "champion" not in groups(evaluation=evaluation(champion=False))


def test_caveats_are_who_approved_and_what_was_not_passed() -> None:
    additional = content()["additional_information"]

    assert additional["caveats_and_recommendations"] == (
        "Approved by arn:aws:iam::000000000000:user/alice: Looks good. "
        "This card tells the state at approval; a later rejection is in the model registry only. "
        "Not passed: age drifted. Not judged: No slice is large enough."
    )
    assert additional["custom_details"]["decided_by"].endswith("user/alice")
    assert additional["custom_details"]["gate"] == METADATA["gate"]


def test_the_same_facts_make_the_same_text() -> None:
    assert card_text(content()) == card_text(content())
    assert "\n" not in card_text(content())


def test_slices_are_left_out_where_they_would_not_fit() -> None:
    card = content(evaluation=evaluation(slices=3000))

    assert len(card_text(card)) <= MOST_CHARACTERS
    names = [group["name"] for group in card["evaluation_details"][0]["metric_groups"]]
    assert "plan: level 2999, 3009 rows" in names, "the largest stay"


def test_long_texts_are_cut() -> None:
    card = content(version=version(approval_description="word " * 1000, metadata={**METADATA, "1bad key": "x"}))

    assert len(card["additional_information"]["caveats_and_recommendations"]) == 2048
    assert "1bad key" not in card["additional_information"]["custom_details"]


def test_an_older_packages_missing_lineage_is_said() -> None:
    assert "not on record" in content(version=version(metadata={}))["training_details"]["training_observations"]


@pytest.mark.parametrize(
    ("page", "facts"),
    [
        ('<p></p><script type="application/json" id="evaluation">{"a": "\\u003cb>"}</script>', {"a": "<b>"}),
        ('<script type="application/json" id="evaluation">null</script>', {}),
        ("<html>an older page</html>", {}),
    ],
)
def test_the_reports_facts_are_read_from_its_page(page: str, facts: dict[str, Any]) -> None:
    assert report_facts(page) == json.loads(json.dumps(facts))
