"""What follows from drift: a run that a person did not start, up to a version that waits for a person."""

from cli.demo.findings import Checked, Dataset, Deployed, Retrained, Trained
from cli.demo.run import followed
from cli.demo.stages import Results, StageFailedError, Tell
from cli.demo.waiting import wait_for
from cli.installation import Installation
from sluice.aws.runs import Run

_APPEARS_SECONDS = 120


def run(results: Results, tell: Tell) -> Retrained:
    installation = results.get(Deployed).installation
    model, before = results.get(Dataset).definition.name, results.get(Trained).run_id
    new = wait_for("drift starts a run", lambda: _newer(installation, model, before), _APPEARS_SECONDS)
    ended = followed(results, new.execution_arn, tell)
    if ended.package_arn is None:
        raise StageFailedError(f"run {ended.run_id} registered no version")
    package = installation.registry.package(ended.package_arn)
    cause = f"trained for the drift of check {results.get(Checked).check.check_id}"
    return Retrained(ended.run_id, ended.seconds, cause, ended.package_arn, package.approval_status)


def _newer(installation: Installation, model: str, before: str) -> Run | None:
    return next((one for one in installation.runs.newest(model, 1) if one.run_id != before), None)
