"""The local cloud as the commands see it: where it is, what deploys to it, which variables point at it."""

from collections.abc import Callable
from pathlib import Path

from cli.stack import Stack
from cli.target import DEFAULT_STAGE, LOCAL_REGION, Aws
from localcloud import daemon
from localcloud.deploy import deploy

ROOT = Path(__file__).resolve().parents[1]
"""Sluice runs from its checkout: what it deploys lies beside it."""
TEMPLATE = ROOT / "template.yaml"


def running_url(state_dir: Path) -> str | None:
    server = daemon.status(state_dir)
    return server.endpoint_url if server else None


def deploy_to(aws: Aws, tell: Callable[[str], None]) -> Stack:
    """Raises localcloud.errors.LocalCloudError with the resource that failed and its reason."""
    outputs = deploy(TEMPLATE, aws, f"sluice-{DEFAULT_STAGE}", {"Stage": DEFAULT_STAGE}, tell)
    return Stack.from_outputs(outputs)


def exports(endpoint_url: str) -> str:
    """For `eval`: from then on every AWS client talks to the local cloud."""
    variables = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": LOCAL_REGION,
    }
    return "\n".join(f"export {name}={value}" for name, value in variables.items())
