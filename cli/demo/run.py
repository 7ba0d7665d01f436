"""The run that the upload started: found, followed to its end, its jobs timed."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cli.demo.findings import Cloud, Dataset, Deployed, Job, Trained, Uploaded
from cli.demo.stages import Results, StageFailedError, Tell
from cli.demo.waiting import LOOK_EVERY_SECONDS, wait_for
from cli.following.events import RunEnded, StepEnded
from cli.following.jobs import job_seconds
from cli.following.telling import failure_of, line_of
from cli.following.watching import follow
from cli.installation import Installation
from sluice.aws.runs import Run

_APPEARS_SECONDS = 60
_ENDS_SECONDS = 3600


def run(results: Results, tell: Tell) -> Trained:
    return followed(results, find_execution(results.get(Deployed).installation, results.get(Uploaded)), tell)


def followed(results: Results, execution: str, tell: Tell) -> Trained:
    """The run of that execution, ended well. Raises StageFailedError with the first step that failed."""
    installation = results.get(Deployed).installation
    seconds = partial(job_seconds, installation.aws.client("sagemaker"))
    steps: list[StepEnded] = []
    for event in follow(
        installation.aws.client("stepfunctions"),
        execution,
        every_seconds=LOOK_EVERY_SECONDS,
        limit_seconds=_ENDS_SECONDS,
    ):
        if isinstance(event, StepEnded):
            steps.append(event)
        tell(line_of(event, seconds))
        if isinstance(event, RunEnded):
            check(event, steps, results.get(Cloud).state_dir)
            jobs = tuple(Job(step.step, *step.job, seconds(*step.job)) for step in steps if step.job)
            return trained(event, steps, jobs, recorded_run(installation, results.get(Dataset), execution))
    raise StageFailedError("the run's history ended before the run did")


def find_execution(installation: Installation, upload: Uploaded) -> str:
    """The execution whose input is the event of this object version."""
    states = installation.aws.client("stepfunctions")
    seen: set[str] = set()

    def look() -> str | None:
        listed = states.list_executions(stateMachineArn=installation.stack.state_machine_arn)["executions"]
        for arn in (entry["executionArn"] for entry in listed if entry["executionArn"] not in seen):
            seen.add(arn)
            if is_of(json.loads(states.describe_execution(executionArn=arn)["input"]), upload):
                return str(arn)
        return None

    return wait_for("an upload starts a run", look, _APPEARS_SECONDS)


def is_of(event: Mapping[str, Any], upload: Uploaded) -> bool:
    stored = event.get("detail", {}).get("object", {})
    return stored.get("key") == upload.key and stored.get("version-id") in (None, upload.version_id)


def check(end: RunEnded, steps: list[StepEnded], state_dir: Path) -> None:
    """Raises StageFailedError with the first step that failed; its job's log says most."""
    answer = steps[0].result if steps else {}
    if answer.get("outcome", "run") != "run":
        raise StageFailedError(f"no run was started ({answer['outcome']}): {answer.get('reason', '')}")
    if end.status == "SUCCEEDED":  # a step that failed was caught, and the run went on without it
        return
    for step in steps:
        if step.error:
            raise StageFailedError(f"{step.step}: {failure_of(step.error)}", _job_log(step, state_dir))
    raise StageFailedError(f"the run ended {end.status}: {end.error} {end.cause}".rstrip())


def _job_log(step: StepEnded, state_dir: Path) -> Path | None:
    if step.job is None:
        return None
    logs = sorted((state_dir / "jobs" / step.job[1]).glob("*.log"))
    return logs[0] if logs else None


def recorded_run(installation: Installation, dataset: Dataset, execution: str) -> Run:
    runs = installation.runs.newest(dataset.definition.name)
    found = next((run for run in runs if run.execution_arn == execution), None)
    if found is None:
        raise StageFailedError(f"the run succeeded and the state table has no row of {execution}")
    return found


def trained(end: RunEnded, steps: list[StepEnded], jobs: tuple[Job, ...], recorded: Run) -> Trained:
    return Trained(
        run_id=recorded.run_id,
        execution_arn=recorded.execution_arn,
        seconds=end.seconds,
        steps={step.step: round(step.seconds, 3) for step in steps},
        jobs=jobs,
        plan=recorded.plan,
        verdict=recorded.verdict,
        package_arn=recorded.package_arn,
    )
