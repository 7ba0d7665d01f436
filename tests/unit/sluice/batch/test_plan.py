import json
from datetime import UTC, datetime

import pytest

from sluice.batch import BatchNames, BatchPlan, PreparedFile, Scored, container_words, part_bytes, plan_batch, summary
from sluice.definition import Model
from sluice.definition.reading import DefinitionError, parse_definition
from sluice.naming import MODEL_NAME_MAX_LENGTH
from sluice.plan import Upload
from sluice.rollout import PackageRef
from sluice.uploads import UnusableUploadError
from tests.definitions import definition

AT = datetime(2026, 11, 20, 20, 24, 48, tzinfo=UTC)
PACKAGE = PackageRef("arn:aws:sagemaker:us-east-1:0:model-package/sluice-dev-churn/6", 6)
REFUSED = (
    '2026-11-20T20:31:09.000:[sagemaker logs]: bucket/part-00000.csv: {"error": "row 3, column \'age\': no \\"x\\""}'
)


def planned(key: str = "models/churn/batch/in/a.csv", parts: int = 1, model: Model | None = None) -> BatchPlan:
    names = BatchNames.of("dev", "churn", AT, "arn:execution")
    upload = Upload("b", key, "v1", "e", 10, "o1")
    file = PreparedFile(("id", "age", "plan"), 2, parts)
    return plan_batch(names, model or definition(), PACKAGE, upload, file, "role", None)


def test_names_are_the_same_for_the_same_execution_and_no_others() -> None:
    names = BatchNames.of("dev", "churn", AT, "arn:execution")

    assert names == BatchNames.of("dev", "churn", AT, "arn:execution")
    assert names.batch_id != BatchNames.of("dev", "churn", AT, "arn:other").batch_id
    assert names.batch_id != BatchNames.of("dev", "other", AT, "arn:execution").batch_id


def test_the_longest_names_fit() -> None:
    names = BatchNames.of("s" * 7, "m" * MODEL_NAME_MAX_LENGTH, AT, "arn:execution")

    assert len(names.name) <= 63


def test_a_thousand_uploads_in_one_second_do_not_meet() -> None:
    ids = {BatchNames.of("dev", "churn", AT, f"arn:{number}").batch_id for number in range(1000)}

    assert len(ids) == 1000


def test_a_plan_survives_its_own_copy() -> None:
    plan = planned()

    assert BatchPlan(**json.loads(json.dumps(plan.to_json()))) == plan
    assert plan.result_key == "models/churn/batch/out/a.csv"
    assert json.loads(plan.columns) == ["id", "age", "plan"]


def test_the_result_is_called_and_packed_as_the_upload() -> None:
    plan = planned("models/churn/batch/in/2026/a.CSV.GZ")

    assert (plan.result_key, plan.is_packed) == ("models/churn/batch/out/2026/a.CSV.GZ", True)


def test_no_more_instances_than_parts() -> None:
    model = definition(batch={"instance_count": 4})

    assert (planned(parts=2, model=model).instance_count, planned(parts=9, model=model).instance_count) == (2, 4)
    assert (part_bytes(model, 10), part_bytes(model, 0), part_bytes(definition(), 10)) == (3, 1, None)


def test_more_columns_than_a_container_can_be_told_are_refused() -> None:
    names = BatchNames.of("dev", "churn", AT, "arn:execution")
    file = PreparedFile(tuple(f"column_{number}" for number in range(1000)), 2, 1)

    with pytest.raises(UnusableUploadError, match="the names of the 1,000 columns take 1"):
        plan_batch(names, definition(), PACKAGE, Upload("b", "k", None, "e", 1, "o"), file, "role", None)


def test_requests_that_sagemaker_does_not_take_at_once_are_refused_by_the_definition() -> None:
    text = json.dumps({**definition().model_dump(mode="json"), "batch": {"max_concurrent": 20, "max_payload_mb": 6}})

    with pytest.raises(DefinitionError, match=r"batch\.max_concurrent: times max_payload_mb is 120"):
        parse_definition(text.encode(), expected_name="churn")


def test_the_summary_says_what_was_scored_by_what_and_for_how_much() -> None:
    said = summary(planned(), Scored(2, 180.0), "us-east-1")

    assert (said["rows"], said["version"], said["file"]) == (2, 6, "s3://b/models/churn/batch/in/a.csv@v1")
    assert said["cost_usd"] == pytest.approx(0.115 * 180 / 3600)
    assert summary(planned(), Scored(2, None), "us-east-1")["cost_usd"] is None
    assert summary(planned(), Scored(2, 1.0), "nowhere-1")["cost_usd"] is None


def test_the_containers_words_are_found_among_its_log_lines() -> None:
    assert container_words(["started", '{"error": broken}', REFUSED]) == "row 3, column 'age': no \"x\""
    assert container_words(["started"]) is None
