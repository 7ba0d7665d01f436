"""What SageMaker's refusals become, in botocore's stubs of its answers."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sluice.aws.endpoints import Endpoints
from sluice.errors import BadInputError, TransientError


def stubbed(operation: str, code: str, message: str) -> Any:
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    stubber = Stubber(client)
    stubber.add_client_error(operation, service_error_code=code, service_message=message)
    stubber.activate()
    return client


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        ("ValidationException", 'Cannot update in-progress endpoint "arn:e".', TransientError),
        ("ValidationException", "No such alarm", BadInputError),
        ("ResourceLimitExceeded", "The account-level service limit is 0", BadInputError),
    ],
)
def test_a_refusal_says_who_must_act(code: str, message: str, error: type[Exception]) -> None:
    client = stubbed("update_endpoint", code, message)

    with pytest.raises(error, match=message.split('"')[0]):
        Endpoints(client).update("e", "c", None, keep_instances=False)


def test_what_exists_already_is_left_as_it_is() -> None:
    client = stubbed("create_endpoint", "ValidationException", 'Cannot create already existing endpoint "arn:e".')

    Endpoints(client).create("e", "c")
