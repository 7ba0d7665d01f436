"""S3 through moto."""

import json

import pytest

from sluice.aws.objects import ObjectMissingError
from tests.unit.functions.conftest import StageUnderTest


def test_a_document_is_read_from_the_bucket_that_its_uri_names(stage: StageUnderTest) -> None:
    """A version of another account's registry has its definition in that account's bucket."""
    stage.s3.create_bucket(Bucket="the-registrys")
    stage.s3.put_object(Bucket="the-registrys", Key="a/definition.json", Body=b'{"name": "churn"}')
    stage.objects.copy_object("s3://the-registrys/a/definition.json", "copied.json")

    assert stage.objects.read_json("s3://the-registrys/a/definition.json") == {"name": "churn"}
    assert json.loads(stage.objects.read("copied.json")) == {"name": "churn"}
    with pytest.raises(ObjectMissingError, match="s3://the-registrys/gone"):
        stage.objects.read_json("s3://the-registrys/gone.json")
