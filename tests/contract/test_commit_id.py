"""The commit that is deployed comes to where versions are registered."""

import re

import pytest

from sluice.aws.settings import Settings
from tests.template import resolved, resources_of, template

COMMIT = "b94ce12f00b94ce12f00b94ce12f00b94ce12f00"


def registering(**parameters: str) -> Settings:
    declared = resources_of("AWS::Serverless::Function")["RegisterModel"]["Properties"]["Environment"]["Variables"]
    return Settings.model_validate({**resolved(declared, **parameters), "STAGE": "dev"})


def test_the_parameter_reaches_the_function_that_registers() -> None:
    assert registering(CommitId=COMMIT).commit_id == COMMIT
    assert registering().commit_id == ""


@pytest.mark.parametrize(("given", "taken"), [("", True), (COMMIT, True), ("b94ce12", True), ("main", False)])
def test_the_parameter_is_a_commit_or_nothing(given: str, taken: bool) -> None:
    pattern = template()["Parameters"]["CommitId"]["AllowedPattern"]

    assert bool(re.fullmatch(pattern.strip("^$"), given)) is taken
