"""Who did it, as the registry records it."""

from typing import Any

from localcloud.cloud import Caller


def user_context(caller: Caller) -> dict[str, Any]:
    """AWS's UserContext of an IAM principal. PrincipalId is left out: only IAM knows a role's own id."""
    return {"IamIdentity": {"Arn": caller.arn}}
