"""Where a trial stands: which step is held, or that it has ended and a person must decide."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.arrival import trial_verdict
from cli.installation import Installation
from sluice.aws.production import ProductionRecord

_SAME_SHARE = 0.01
"""In percentage points: SageMaker keeps weights as 32-bit floats."""


@dataclass(frozen=True)
class TrialNow:
    """step: which share is held, counted from 1; None where the endpoint is between two."""

    kind: str
    started_at: datetime
    champion: int
    challenger: int
    step: int | None
    steps: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Undecided:
    """Two versions share the requests, and nothing will change that by itself. why: a trial's verdict, where one was
    given."""

    champion: int
    challenger: int
    why: str | None


def trial_now(installation: Installation, config: str, shares: Mapping[str, float]) -> TrialNow | None:
    """The rollout's execution is called as the trial's endpoint config. shares: in %, by variant."""
    machine = installation.stack.state_machine_arn.replace(":stateMachine:", ":execution:")
    rollout = machine.removesuffix("-retrain") + f"-rollout:{config}"
    try:
        execution = installation.aws.client("stepfunctions").describe_execution(executionArn=rollout)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ExecutionDoesNotExist", "StateMachineDoesNotExist"):
            return None
        raise
    if execution["status"] != "RUNNING":
        return None
    asked = json.loads(execution["input"])
    challenger = asked["challenger"]
    share = shares.get(challenger["variant"])
    return TrialNow(
        asked["kind"],
        execution["startDate"],
        asked["champion"]["version"],
        challenger["version"],
        _step(asked, share),
        asked["steps"],
    )


def _step(asked: Mapping[str, Any], share: float | None) -> int | None:
    if asked["kind"] == "shadow":
        return 1
    if share is None:
        return None
    shares = enumerate((step["share_percent"] for step in asked["steps"]), start=1)
    held = [number for number, planned in shares if abs(planned - share) < _SAME_SHARE]
    return held[-1] if held else None


def undecided(installation: Installation, record: ProductionRecord) -> Undecided | None:
    """Of a split that a person asked for without steps, and of a trial that ended without a winner."""
    beside = record.trial.trial if record.trial else None
    if record.trial is None or beside is None or record.arriving is not None:
        return None
    verdict = trial_verdict(record.trial, installation.audit_log.entries(record.model))
    if beside.steps and verdict is None:
        return None
    return Undecided(beside.champion.version, record.trial.package.version, verdict)


def trial_lines(trial: TrialNow) -> list[str]:
    steps = ", ".join(f"{step['share_percent']:g} % for {step['hold_seconds'] / 60:g} min" for step in trial.steps)
    step = f"step {trial.step} of {len(trial.steps)}" if trial.step else "between two steps"
    return [
        f"trial     {trial.kind}: v{trial.challenger} beside v{trial.champion}, {step}",
        f"started   {trial.started_at:%Y-%m-%d %H:%M:%S} (UTC)",
        f"steps     {steps}",
    ]


def undecided_lines(model: str, split: Undecided) -> list[str]:
    said = (
        f"trial     is over: {split.why}" if split.why else "split     as somebody asked for: nothing compares the two"
    )
    return [
        said,
        f"decide    it stays so until you do: sluice traffic {model} --set v{split.challenger}=100 --reason …, or "
        f"sluice rollback {model} --reason …, which rejects v{split.challenger}",
    ]
