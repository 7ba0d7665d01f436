from datetime import UTC, datetime

import pytest

from sluice.naming import endpoint_config_name, job_name, model_of_group, model_of_raw_key, new_run_id

AT = datetime(2026, 11, 20, 20, 24, 48, tzinfo=UTC)
LONGEST_STAGE, LONGEST_MODEL = "s" * 7, "m" * 24


def test_the_longest_names_stay_within_sagemakers_limits() -> None:
    run_id = new_run_id(AT, LONGEST_MODEL, "execution")

    assert len(run_id) == 17
    assert len(job_name(LONGEST_STAGE, LONGEST_MODEL, run_id, "train")) <= 63
    assert len(endpoint_config_name(LONGEST_STAGE, LONGEST_MODEL, 99999, "cause")) <= 63


def test_the_same_execution_gets_the_same_run_id_and_another_gets_another() -> None:
    assert new_run_id(AT, "churn", "a") == new_run_id(AT, "churn", "a")
    assert new_run_id(AT, "churn", "a") != new_run_id(AT, "churn", "b")


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("models/churn/raw/a.csv", "churn"),
        ("models/churn/raw/2026/11/a.csv", "churn"),
        ("models/churn/raw/", None),
        ("models/churn/raw", None),
        ("models/churn/runs/1/raw/a.csv", None),
        ("code/abc/train.py", None),
    ],
)
def test_only_a_file_under_raw_belongs_to_a_model(key: str, model: str | None) -> None:
    assert model_of_raw_key(key) == model


def test_a_group_of_another_stage_is_not_ours() -> None:
    assert model_of_group("dev", "sluice-dev-churn") == "churn"
    assert model_of_group("dev", "sluice-prod-churn") is None
    assert model_of_group("dev", "sluice-dev-") is None
