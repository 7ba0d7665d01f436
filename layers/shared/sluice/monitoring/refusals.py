"""Whether a service said no for good. AWS does not document how Model Monitor refuses accounts that it is closed to."""

_PASSES = (
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "RequestExpired",
)
"""4XX that say nothing of the account's rights to the service."""


def is_refusal(status: int, code: str, message: str) -> bool:
    """False for what may pass, and for a permission that our own template forgot: that is ours to mend.

    What the organization forbids ("service control policy") is a refusal: nobody of the account can mend it.
    """
    if not 400 <= status < 500 or code in _PASSES:
        return False
    is_ours = "is not authorized to perform" in message and "service control policy" not in message
    return not is_ours
