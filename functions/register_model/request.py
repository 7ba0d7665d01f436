"""What the state machine sends to RegisterModel.

What has a default came later: an execution that began before a deployment sends what it sent then.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from sluice.gate import Verdict
from sluice.run_facts import Job


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Code(_Part):
    sha256: str


class Uris(_Part):
    definition: str
    evaluation: str
    baseline: str
    report: str


class Drift(_Part):
    """The check that a version was trained for."""

    check_id: str
    reason: str
    labelled_key: str | None = None
    labelled_rows: int = 0


class Plan(_Part):
    """The parts of the run plan that go into the registry."""

    run_id: str
    model: str
    package_group: str
    data_version: str
    drift: Drift | None = None
    image_uri: str
    code: Code
    uris: Uris


class Decision(_Part):
    verdict: Verdict
    summary: str
    checks: tuple[Mapping[str, Any], ...] = ()


class Training(_Part):
    """The job whose model is registered: of a tuned run the one that was chosen."""

    job_name: str
    job_arn: str
    model_uri: str
    hyperparameters: Mapping[str, str] = {}


class TuningDocument(_Part):
    uri: str
    """Of tuning.json."""


class RegisterRequest(_Part):
    plan: Plan
    decision: Decision
    training: Training
    jobs: tuple[Job, ...] = ()
    tuning: TuningDocument | None = None
