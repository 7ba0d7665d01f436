import pytest

from sluice.audit import decided_by

SESSIONS = "arn:aws:sts::000000000000:assumed-role"


@pytest.mark.parametrize("function", ["register-model", "conclude-validation"])
def test_a_function_that_decides_is_sluice_itself(function: str) -> None:
    assert decided_by("dev", f"{SESSIONS}/sluice-dev-Role-X/sluice-dev-{function}") == "sluice"


@pytest.mark.parametrize(
    "who", [f"{SESSIONS}/approvers/alice", f"{SESSIONS}/sluice-prod-Role-X/sluice-prod-register-model", "unknown"]
)
def test_whoever_else_decides_is_named(who: str) -> None:
    assert decided_by("dev", who) == who
