from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.naming import (
    STAGE_PATTERN,
    alias_parameter,
    check_job_name,
    endpoint_config_name,
    endpoint_name,
    group_of_endpoint,
    job_name,
    mode_of_endpoint,
    model_card_name,
    model_of_batch_key,
    model_of_endpoint,
    model_of_group,
    model_of_raw_key,
    new_batch_check_id,
    new_batch_id,
    new_run_id,
    shared_endpoint_name,
    validation_name,
    variant_of,
    version_behind,
)

AT = datetime(2026, 11, 20, 20, 24, 48, tzinfo=UTC)
LONGEST_STAGE, LONGEST_MODEL = "s" * 7, "m" * 24


def test_the_longest_names_stay_within_sagemakers_limits() -> None:
    run_id = new_run_id(AT, LONGEST_MODEL, "execution")

    assert len(run_id) == 17
    assert len(job_name(LONGEST_STAGE, LONGEST_MODEL, run_id, "train")) <= 63
    assert len(endpoint_config_name(LONGEST_STAGE, LONGEST_MODEL, 99999, "cause")) <= 63
    assert len(validation_name(LONGEST_STAGE, run_id)) <= 63
    assert len(model_card_name(LONGEST_STAGE, LONGEST_MODEL, 99999)) <= 63


def test_no_two_of_a_thousand_batches_of_one_second_share_a_check() -> None:
    batches = [new_batch_id(AT, "churn", str(number)) for number in range(1000)]

    checks = {new_batch_check_id(batch_id, "churn") for batch_id in batches}

    assert len(checks) == 1000
    assert {len(check_job_name(LONGEST_STAGE, LONGEST_MODEL, check_id)) for check_id in checks} == {63}


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


@given(own=st.from_regex(STAGE_PATTERN, fullmatch=True), other=st.from_regex(STAGE_PATTERN, fullmatch=True))
def test_a_validations_endpoint_is_no_models_endpoint_of_any_stage(own: str, other: str) -> None:
    """The rule on endpoints and the functions' permissions go by the prefix `sluice-<stage>-`."""
    assert model_of_group(other, validation_name(own, "261120202448-3fa2")) is None


@pytest.mark.parametrize("model", ["churn", "async", "x-multi-y", "real-time"])
@pytest.mark.parametrize("mode", ["serverless", "real-time", "asynchronous"])
def test_an_endpoints_name_says_its_mode(model: str, mode: str) -> None:
    assert mode_of_endpoint(endpoint_name("dev", model, mode)) == mode
    assert mode_of_endpoint(shared_endpoint_name("dev", model)) == "multi-model"


MODEL_NAMES = st.from_regex(r"\A[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,4}){0,3}\Z")
MODES = st.sampled_from(["serverless", "real-time", "asynchronous"])


@given(MODEL_NAMES, MODES, MODEL_NAMES, MODES)
def test_an_endpoint_is_one_models_in_one_mode(first: str, mode: str, second: str, other: str) -> None:
    name = endpoint_name("dev", first, mode)

    assert model_of_endpoint("dev", name) == first
    assert group_of_endpoint("dev", name) is None
    assert (name == endpoint_name("dev", second, other)) == ((first, mode) == (second, other))


@given(MODEL_NAMES)
def test_a_shared_endpoint_is_no_models(group: str) -> None:
    name = shared_endpoint_name("dev", group)

    assert model_of_endpoint("dev", name) is None
    assert group_of_endpoint("dev", name) == group


@pytest.mark.parametrize("name", ["sluice-prod-churn", "sluice-dev-", "other", "sluice-dev--real-time"])
def test_what_is_not_of_this_stage_is_no_models(name: str) -> None:
    assert model_of_endpoint("dev", name) is None


def test_a_batch_file_belongs_to_the_model_of_its_folder() -> None:
    assert model_of_batch_key("models/churn/batch/in/2026/may.csv") == "churn"
    assert model_of_batch_key("models/churn/batch/out/may.csv") is None
    assert model_of_batch_key("models/churn/batch/in/") is None


def test_the_alias_lies_in_the_stages_own_path() -> None:
    assert alias_parameter("dev", "churn") == "/sluice/dev/churn/alias"


def test_a_trials_variants_are_called_by_their_versions() -> None:
    assert version_behind(variant_of(12)) == 12
    assert [version_behind(name) for name in ("AllTraffic", "v", "12", "vx")] == [None] * 4
