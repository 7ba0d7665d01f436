from typing import Any

import pytest
from botocore import exceptions as aws

from cli.aws_errors import translate
from localcloud.errors import LocalCloudError
from sluice.definition import DefinitionError, parse_definition


def client_error(code: str, message: str, operation: str = "UpdateModelPackage") -> aws.ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}}
    return aws.ClientError(response, operation)


def sentence(error: Exception) -> str:
    known = translate(error)
    assert known is not None
    return str(known)


def test_access_denied_shows_the_action_and_the_resource() -> None:
    message = (
        "User: arn:aws:iam::1:user/ann is not authorized to perform: sagemaker:UpdateModelPackage "
        "on resource: arn:aws:sagemaker:eu-west-1:1:model-package/x/3 because no identity-based policy allows it"
    )
    expected = "access denied: sagemaker:UpdateModelPackage on arn:aws:sagemaker:eu-west-1:1:model-package/x/3."
    assert sentence(client_error("AccessDeniedException", message)).startswith(expected)


def test_access_denied_without_aws_wording_names_the_operation() -> None:
    assert sentence(client_error("AccessDenied", "Access Denied", "GetObject")).startswith("access denied to GetObject")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aws.NoCredentialsError(), 'eval "$(sluice up)"'),
        (aws.NoRegionError(), "AWS_DEFAULT_REGION"),
        (aws.ProfileNotFound(profile="x"), "AWS_PROFILE"),
        (aws.EndpointConnectionError(endpoint_url="http://127.0.0.1:1/"), "Is the local cloud up?"),
        (client_error("ExpiredTokenException", "The security token is expired"), "Renew them"),
        (
            client_error("ThrottlingException", "Rate exceeded"),
            "UpdateModelPackage: Rate exceeded (ThrottlingException)",
        ),
        (LocalCloudError("port 4566 is taken"), "port 4566 is taken"),
    ],
)
def test_each_says_what_to_do(error: Exception, expected: str) -> None:
    assert expected in sentence(error)


def test_a_bad_definition_is_bad_input() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_definition("name: x")
    known = translate(caught.value)
    assert known is not None
    assert known.exit_code == 2


def test_what_is_not_known_is_not_explained_away() -> None:
    assert translate(ZeroDivisionError()) is None
