"""What an approver does: a yes, with a reason."""

from cli.demo.findings import Approved, Deployed, Judged
from cli.demo.stages import Results, Tell
from sluice.aws.registry import version_of


def run(results: Results, tell: Tell) -> Approved:
    arn = results.get(Judged).package_arn
    registry = results.get(Deployed).installation.registry
    registry.set_approval(arn, "Approved", "sluice demo: the gate's checks passed")
    return Approved(arn, version_of(arn))
