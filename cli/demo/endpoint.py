"""The approval's way into production: the endpoint comes into service, and Sluice has checked that it did."""

from botocore.exceptions import WaiterError

from cli.demo.findings import Approved, Dataset, Deployed, Serving
from cli.demo.stages import Results, StageFailedError, Tell
from cli.demo.waiting import LOOK_EVERY_SECONDS, wait_for
from cli.installation import Installation
from sluice.audit import AuditEntry
from sluice.aws.endpoints import Endpoint

_APPEARS_SECONDS = 120
_SERVES_SECONDS = 300
_ENDED = ("DEPLOYED", "DEPLOYMENT_FAILED", "HELP_NEEDED")


def run(results: Results, tell: Tell) -> Serving:
    installation = results.get(Deployed).installation
    model = results.get(Dataset).definition.name
    version = results.get(Approved).version
    endpoint = wait_for("an approval makes an endpoint", lambda: _begun(installation, model), _APPEARS_SECONDS)
    tell(f"{endpoint.name} is {endpoint.status}")
    _wait_in_service(installation, endpoint.name)
    tell(f"{endpoint.name} is InService")
    entry = wait_for(
        f"version {version} is found to be in production", lambda: ending(installation, model), _APPEARS_SECONDS
    )
    if entry.action != "DEPLOYED":
        raise StageFailedError(f"{entry.action}: {entry.why}")
    return Serving(endpoint.name, entry.why)


def _begun(installation: Installation, model: str) -> Endpoint | None:
    """Raises StageFailedError when the deployment ended before there was an endpoint."""
    found = installation.endpoint(model)
    entry = ending(installation, model) if found is None else None
    if entry is not None:
        raise StageFailedError(f"{entry.action}: {entry.why}")
    return found


def _wait_in_service(installation: Installation, name: str) -> None:
    waiter = installation.aws.client("sagemaker").get_waiter("endpoint_in_service")
    attempts = round(_SERVES_SECONDS / LOOK_EVERY_SECONDS)
    try:
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": LOOK_EVERY_SECONDS, "MaxAttempts": attempts})
    except WaiterError as error:
        last = error.last_response
        why = last.get("FailureReason") or error.kwargs.get("reason", "")
        raise StageFailedError(f"endpoint {name} is {last.get('EndpointStatus', 'unknown')}: {why}") from error


def ending(installation: Installation, model: str) -> AuditEntry | None:
    """How the newest deployment ended, if it has."""
    entries = installation.audit_log.entries(model)
    return next((entry for entry in reversed(entries) if entry.action in _ENDED), None)
