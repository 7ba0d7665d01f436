"""Deploys this checkout's template to a local cloud."""

from collections.abc import Callable
from pathlib import Path

from cli.commit import clean_commit
from cli.stack import Stack, stack_name
from cli.target import DEFAULT_STAGE
from localcloud.deploy import StackEvent, deploy

ROOT = Path(__file__).resolve().parents[1]
"""Sluice runs from its checkout: what it deploys lies beside it."""
TEMPLATE = ROOT / "template.yaml"
_TOLD = ("Bucket", "Function", "StateMachine", "Table", "TrainingCode", "Stack")
"""The resources that a reader knows from the docs; roles, permissions and log groups come along unmentioned."""


def deploy_to(endpoint_url: str, tell: Callable[[str], None], stage: str = DEFAULT_STAGE) -> Stack:
    """Raises localcloud.errors.LocalCloudError with the resource that failed and its reason."""

    def on_event(event: StackEvent) -> None:
        if event.status.endswith("_COMPLETE") and event.resource_type.endswith(_TOLD):
            tell(f"{event.logical_id} ({event.resource_type}) {event.status.lower().replace('_', ' ')}")

    name, parameters = stack_name(stage), {"Stage": stage, "CommitId": clean_commit(ROOT) or ""}
    outputs = deploy(TEMPLATE, stack_name=name, endpoint_url=endpoint_url, parameters=parameters, on_event=on_event)
    return Stack.from_outputs(outputs)
