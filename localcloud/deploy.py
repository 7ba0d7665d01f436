"""`sam build && sam deploy` onto the local cloud, in one call and without SAM."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.errors import LocalCloudError
from localcloud.packaging import Artifact, Package, package
from localcloud.settings import ACCOUNT, REGION, ROOT_ACCESS_KEY, ROOT_SECRET_KEY

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
# A stack that ended so can only be deleted; CloudFormation says the same.
_DEAD_ENDS = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS")
_LOOK_EVERY_SECONDS = 0.1


class DeployError(LocalCloudError):
    """The stack could not be created or updated; the message names the resource that failed first, and its reason."""


@dataclass(frozen=True)
class StackEvent:
    at: datetime
    logical_id: str
    resource_type: str
    status: str
    reason: str


OnEvent = Callable[[StackEvent], None]


def deploy(
    template: Path,
    *,
    stack_name: str,
    endpoint_url: str,
    parameters: Mapping[str, str] | None = None,
    on_event: OnEvent = lambda _event: None,
    timeout_seconds: float = 300,
) -> dict[str, str]:
    """Create or update the stack and wait for it; the stack's outputs. A deployment without changes succeeds."""
    clients = _Clients(endpoint_url)
    bucket = f"sluice-artifacts-{ACCOUNT}-{REGION}"
    packaged = package(template, bucket)
    url = _upload(clients.s3, bucket, packaged, endpoint_url)
    stack = _Stack(clients.cloudformation, stack_name, on_event, timeout_seconds)
    stack.remove_dead_end()
    stack.apply(url, parameters or {})
    return stack.outputs()


class _Clients:
    def __init__(self, endpoint_url: str) -> None:
        session = boto3.Session(ROOT_ACCESS_KEY, ROOT_SECRET_KEY, region_name=REGION)
        config = Config(proxies={}, retries={"total_max_attempts": 2, "mode": "standard"})
        self.s3 = session.client("s3", endpoint_url=endpoint_url, config=config)
        self.cloudformation = session.client("cloudformation", endpoint_url=endpoint_url, config=config)


def _upload(s3: Any, bucket: str, packaged: Package, endpoint_url: str) -> str:
    """Put what the bucket lacks; the URL of the template."""
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        s3.create_bucket(Bucket=bucket)
    present = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    document = json.dumps(packaged.template, default=str).encode()
    template = Artifact(f"template-{time.time_ns()}.json", document)
    for artifact in (*packaged.artifacts, template):
        if artifact.key not in present:
            s3.put_object(Bucket=bucket, Key=artifact.key, Body=artifact.content)
    return f"{endpoint_url}/{bucket}/{template.key}"


class _Stack:
    def __init__(self, cloudformation: Any, name: str, on_event: OnEvent, timeout_seconds: float) -> None:
        self._cloudformation = cloudformation
        self._name = name
        self._on_event = on_event
        self._timeout = timeout_seconds
        self._seen: set[str] = set()
        self._failures: list[StackEvent] = []

    def remove_dead_end(self) -> None:
        if self._status() in _DEAD_ENDS:
            self._cloudformation.delete_stack(StackName=self._name)
            self._follow("DELETE_COMPLETE", "")

    def apply(self, template_url: str, parameters: Mapping[str, str]) -> None:
        update = self._status() not in ("", "DELETE_COMPLETE")
        self._mark_seen()
        call = self._cloudformation.update_stack if update else self._cloudformation.create_stack
        try:
            call(
                StackName=self._name,
                TemplateURL=template_url,
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
                Capabilities=_CAPABILITIES,
            )
        except ClientError as error:
            message = error.response["Error"]["Message"]
            if "No updates are to be performed" in message:
                return
            raise DeployError(f"Stack {self._name} was refused: {message}") from error
        self._follow("CREATE_COMPLETE", "UPDATE_COMPLETE")

    def outputs(self) -> dict[str, str]:
        described = self._cloudformation.describe_stacks(StackName=self._name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def _follow(self, *good: str) -> None:
        """Report events until the stack has settled."""
        deadline = time.monotonic() + self._timeout
        while True:
            status = self._status() or "DELETE_COMPLETE"
            self._report()
            if status in good:
                return
            if not status.endswith("_IN_PROGRESS"):
                raise DeployError(self._explain(status))
            if time.monotonic() > deadline:
                raise DeployError(f"Stack {self._name} is still {status} after {self._timeout:.0f} seconds")
            time.sleep(_LOOK_EVERY_SECONDS)

    def _status(self) -> str:
        try:
            stacks = self._cloudformation.describe_stacks(StackName=self._name)["Stacks"]
        except ClientError:
            return ""
        return str(stacks[0]["StackStatus"]) if stacks else ""

    def _events(self) -> list[dict[str, Any]]:
        """Oldest first; a stack that does not exist yet has none."""
        try:
            pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self._name)
            return [event for page in pages for event in page["StackEvents"]][::-1]
        except ClientError:
            return []

    def _mark_seen(self) -> None:
        self._seen.update(event["EventId"] for event in self._events())

    def _report(self) -> None:
        for raw in self._events():
            if raw["EventId"] in self._seen:
                continue
            self._seen.add(raw["EventId"])
            event = StackEvent(
                raw["Timestamp"],
                raw["LogicalResourceId"],
                raw["ResourceType"],
                raw["ResourceStatus"],
                raw.get("ResourceStatusReason", ""),
            )
            if event.status.endswith("_FAILED"):
                self._failures.append(event)
            self._on_event(event)

    def _explain(self, status: str) -> str:
        # A resource that was cancelled because another failed is not the reason.
        causes = [event for event in self._failures if "cancelled" not in event.reason.lower()] or self._failures
        if not causes:
            return f"Stack {self._name} ended as {status}"
        first = causes[0]
        return f"Stack {self._name} ended as {status}: {first.logical_id} ({first.resource_type}) {first.reason}"
