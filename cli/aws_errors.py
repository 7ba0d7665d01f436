"""botocore's errors as sentences: what happened, and what to do about it."""

import re

from botocore import exceptions as aws

from cli.errors import BadInputError, CliError, OperationFailedError
from localcloud.errors import LocalCloudError
from sluice.errors import BadInputError as BadDomainInputError
from sluice.errors import SluiceError

_DENIED = re.compile(r"not authorized to perform:? (?P<action>\S+)(?: on resource:? (?P<resource>\S+))?")
_DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedError"})
_EXPIRED_CODES = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
_LOCAL_HINT = 'Is the local cloud up? Start it with: eval "$(sluice up)"'


def translate(error: Exception) -> CliError | None:
    """None for an error that is nobody's but ours."""
    if isinstance(error, BadDomainInputError):
        return BadInputError(str(error))
    if isinstance(error, SluiceError | LocalCloudError):
        return OperationFailedError(str(error))
    if isinstance(error, aws.ClientError):
        return _client_error(error)
    return _configuration(error) or _connection(error)


def _configuration(error: Exception) -> CliError | None:
    if isinstance(error, aws.NoCredentialsError | aws.PartialCredentialsError):
        return OperationFailedError(
            'no AWS credentials in the environment. For the local cloud: eval "$(sluice up)"; '
            "for AWS: aws configure, or export AWS_PROFILE"
        )
    if isinstance(error, aws.NoRegionError):
        return OperationFailedError(
            'no AWS region in the environment. For the local cloud: eval "$(sluice up)"; '
            "for AWS: export AWS_DEFAULT_REGION=…"
        )
    if isinstance(error, aws.ProfileNotFound):
        return OperationFailedError(f"{error}. Correct AWS_PROFILE")
    return None


def _connection(error: Exception) -> CliError | None:
    if isinstance(error, aws.EndpointConnectionError | aws.ConnectTimeoutError | aws.ConnectionClosedError):
        return OperationFailedError(f"{_first_sentence(error)}. {_LOCAL_HINT}")
    if isinstance(error, aws.HTTPClientError | aws.BotoCoreError):
        return OperationFailedError(f"{_first_sentence(error)}")
    return None


def _client_error(error: aws.ClientError) -> CliError:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    operation = error.operation_name
    if code in _DENIED_CODES:
        return OperationFailedError(_denied(operation, message))
    if code in _EXPIRED_CODES:
        return OperationFailedError(
            f'AWS does not accept the credentials ({message}). Renew them, or eval "$(sluice up)"'
        )
    return OperationFailedError(f"{operation}: {message or 'no message'} ({code})")


def _denied(operation: str, message: str) -> str:
    found = _DENIED.search(message)
    if not found:
        return f"access denied to {operation}: {message}. Ask for that permission"
    resource = f" on {found['resource'].rstrip('.')}" if found["resource"] else ""
    return f"access denied: {found['action']}{resource}. Ask for that permission"


def _first_sentence(error: Exception) -> str:
    return str(error).strip().rstrip(".")
