"""What an approver does: a yes, with a reason."""

from cli.demo.findings import Approved, Deployed, Judged
from cli.demo.stages import Results, Tell
from sluice.aws.registry import version_of

_REASONS = {
    "pass": "sluice demo: the gate's checks passed",
    "needs-human": "sluice demo: what the gate left to a person was looked at",
}


def run(results: Results, tell: Tell) -> Approved:
    judged = results.get(Judged)
    registry = results.get(Deployed).installation.registry
    registry.set_approval(judged.package_arn, "Approved", _REASONS[judged.verdict])
    return Approved(judged.package_arn, version_of(judged.package_arn))
