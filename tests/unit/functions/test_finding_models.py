"""Which models there are, on moto: an account that only deploys has no folders that would tell."""

import boto3

from functions.serve_predictions.schemas import Schemas
from sluice.alias import Alias
from sluice.aws.aliases import Aliases
from sluice.aws.production import ProductionRecord
from tests.definitions import definition
from tests.unit.functions.conftest import StageUnderTest

THE_REGISTRYS = "s3://the-registrys/models/churn/runs/1/definition/definition.json"


def alias(model: str, definition_uri: str = "s3://b/d.json") -> Alias:
    return Alias(model, f"sluice-dev-{model}", "serverless", 6, definition_uri, {"AllTraffic": 6})


def test_the_aliases_of_the_stage_are_found_and_no_others(stage: StageUnderTest) -> None:
    client = boto3.client("ssm")
    models = [f"m{number:02}" for number in range(12)]  # more than a page has
    for model in models:
        Aliases(client, "dev").put(alias(model))
    Aliases(client, "dev2").put(alias("another-stages"))
    client.put_parameter(Name="/sluice/dev/m00/note", Value="of a person", Type="String")

    assert [found.model for found in Aliases(client, "dev").all()] == models
    assert Aliases(client, "none").all() == []


def test_models_with_a_record_are_found_among_everything_else(stage: StageUnderTest) -> None:
    for model in ("fraud", "churn"):
        assert stage.production.put(ProductionRecord(model))
        stage.journal.record(model, "DEPLOYED", "because")
    stage.journal.record("never-deployed", "RUN_STARTED", "because")
    stage.table.put({"pk": "ENDPOINT#x", "sk": "PRODUCTION"})

    assert stage.table.models_with("PRODUCTION") == ["churn", "fraud"]


def test_a_table_of_several_pages_is_read_to_its_end(stage: StageUnderTest) -> None:
    """DynamoDB answers at most 1 MB at a time."""
    for number in range(6):
        stage.table.put({"pk": f"MODEL#m{number}", "sk": "PRODUCTION", "reason": "x" * 300_000})

    assert stage.table.models_with("PRODUCTION") == [f"m{number}" for number in range(6)]


def test_a_schema_is_read_where_the_registry_keeps_it(stage: StageUnderTest) -> None:
    stage.s3.create_bucket(Bucket="the-registrys")
    key = THE_REGISTRYS.removeprefix("s3://the-registrys/")
    stage.s3.put_object(Bucket="the-registrys", Key=key, Body=definition().model_dump_json().encode())

    schema = Schemas(stage.objects).of(alias("churn", THE_REGISTRYS))

    assert schema == Schemas(stage.objects).of(alias("churn", THE_REGISTRYS))
