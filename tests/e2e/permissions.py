"""Taking a permission away from one of the stack's roles, for as long as a test lasts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.trained_model import TrainedModel


@contextmanager
def without(model: TrainedModel, role: str, action: str) -> Iterator[None]:
    """One action taken out of a role's inline policies, and put back."""
    iam = model.client("iam")
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    try:
        for name, document in policies.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(_less(document, action)))
        yield
    finally:
        for name, document in policies.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def _less(document: dict[str, Any], action: str) -> dict[str, Any]:
    statements = []
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        kept = [one for one in actions if one != action]
        if kept:
            statements.append({**statement, "Action": kept})
    assert statements != document["Statement"], f"{action} was not there"
    return {**document, "Statement": statements}


def role_of(model: TrainedModel, logical_id: str) -> str:
    found = model.client("cloudformation").describe_stack_resource(StackName="sluice-dev", LogicalResourceId=logical_id)
    name: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return name
