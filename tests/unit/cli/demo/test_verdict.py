"""What the demo makes of the gate: only a fail stops it."""

import json
from typing import Any

import pytest

from cli.demo import approve, verdict
from cli.demo.document import document
from cli.demo.findings import Dataset, Deployed, Judged, Trained
from cli.demo.stages import Outcome, Results, StageFailedError
from cli.installation import install_at
from sluice.definition import parse_definition
from tests.unit.cli.conftest import BUCKET, OUTPUTS, Account, AwsWithStacks, Stacks, version_arn

DEFINITION = """
name: churn
data: {target: churned, positive_label: "Yes", features: {age: {type: numeric}}}
"""
FOLDER = "models/churn/runs/r/evaluation/"


def check(name: str, outcome: str, on_failure: str = "fail") -> dict[str, Any]:
    return {"name": name, "outcome": outcome, "reason": f"{name} is {outcome}.", "on_failure": on_failure}


def judged_as(account: Account, said: str, threshold: float | None = 0.3751) -> Results:
    """The findings that the gate's stage begins with, after a run whose gate said so."""
    checks = [check("auc", "pass"), check("drift", "fail", "needs-human"), check("recall", "fail")]
    decision = {"verdict": said, "checks": checks, "summary": "recall is fail. drift is fail."}
    account.leave(f"{FOLDER}gate.json", decision)
    metrics = {"auc": {"value": 0.8, "standard_deviation": 0.01}}
    account.leave(f"{FOLDER}evaluation.json", {"binary_classification_metrics": metrics, "threshold": threshold})
    results = Results()
    results.add(Deployed(install_at(AwsWithStacks(None, Stacks({"sluice-dev": OUTPUTS})))))
    definition = parse_definition(DEFINITION)
    results.add(Dataset(file=None, text="", definition=definition, rows=1, source="here"))  # type: ignore[arg-type]
    plan = {"uris": {"evaluation": f"s3://{BUCKET}/{FOLDER}"}}
    results.add(Trained("r", "arn:e", 1.0, {}, (), plan, said, version_arn(2)))
    return results


def test_what_is_left_to_a_person_is_shown_and_approved_as_such(account: Account) -> None:
    results = judged_as(account, "needs-human")
    told: list[str] = []
    judged = verdict.run(results, told.append)
    results.add(judged)
    assert judged.summary == (
        "the gate says needs-human: a person decides; the answer is Yes from a probability of 0.375"
    )
    assert [line.split()[0] for line in judged.details[:3]] == ["fail", "needs-human", "pass"]
    assert approve.run(results, told.append).version == 2
    assert account.approval(2) == ("Approved", "sluice demo: what the gate left to a person was looked at")


def test_a_pass_names_the_threshold_and_a_task_without_one_does_not(account: Account) -> None:
    passed = verdict.run(judged_as(account, "pass"), print)
    assert passed.summary == "the gate says pass; the answer is Yes from a probability of 0.375"
    assert verdict.run(judged_as(account, "pass", threshold=None), print).summary == "the gate says pass"


def test_a_fail_stops_the_demo_with_its_reasons(account: Account) -> None:
    results = judged_as(account, "fail")
    told: list[str] = []
    with pytest.raises(StageFailedError, match="the gate rejected the model: recall is fail"):
        verdict.run(results, told.append)
    assert told[0] == "fail        recall is fail."
    found = document(Outcome(results, (), None), 1.0)
    assert found["gate"]["verdict"] == "fail"
    assert found["gate"]["threshold"] == pytest.approx(0.3751)
    assert json.dumps(found["gate"])
    assert isinstance(results.get(Judged), Judged)
