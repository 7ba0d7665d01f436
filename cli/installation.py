"""Sluice as it is installed somewhere: the stack, and what lies in it."""

import difflib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from cli.errors import BadInputError, OperationFailedError
from cli.route import Route, route_of, routes_by_name
from cli.stack import Stack, find_stack
from cli.target import Aws
from cli.versions import Version, versions_of
from sluice.aws.aliases import Aliases
from sluice.aws.audit_log import AuditLog
from sluice.aws.checks import Checks
from sluice.aws.endpoint_metrics import EndpointMetrics
from sluice.aws.endpoints import Endpoint, Endpoints
from sluice.aws.event_bus import EventBus
from sluice.aws.leases import Leases
from sluice.aws.objects import Objects
from sluice.aws.production import ProductionStates
from sluice.aws.registry import Package, Registry
from sluice.aws.runs import Runs
from sluice.aws.table import StateTable
from sluice.aws.watched import WatchedModels
from sluice.naming import MODEL_NAME_RULE, ModelPrefix, is_model_name
from sluice.rollout import PackageRef

LIVE = "live"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Installation:
    aws: Aws
    stack: Stack

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.aws.client("s3"), self.stack.bucket)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.aws.client("sagemaker"))

    @cached_property
    def _table(self) -> StateTable:
        return StateTable(self.aws.table(self.stack.state_table))

    @property
    def audit_log(self) -> AuditLog:
        return AuditLog(self._table)

    @property
    def runs(self) -> Runs:
        return Runs(self._table, _now)

    @property
    def checks(self) -> Checks:
        return Checks(self._table, _now)

    @property
    def watched(self) -> WatchedModels:
        return WatchedModels(self._table, _now)

    @property
    def leases(self) -> Leases:
        return Leases(self._table, _now)

    @property
    def production(self) -> ProductionStates:
        return ProductionStates(self._table, _now)

    @property
    def event_bus(self) -> EventBus:
        return EventBus(self.aws.client("events"))

    @property
    def metrics(self) -> EndpointMetrics:
        return EndpointMetrics(self.aws.client("cloudwatch"))

    def route(self, model: str) -> Route | None:
        """Where its requests go; None where nothing is deployed."""
        alias = Aliases(self.aws.client("ssm"), self.stack.stage).get(model)
        if alias is not None:
            return route_of(alias)
        named = routes_by_name(self.stack.stage, model)
        return next((route for route in named if self.described(route.endpoint_name)), None)

    def endpoint(self, model: str) -> Endpoint | None:
        route = self.route(model)
        return self.described(route.endpoint_name) if route else None

    def described(self, endpoint: str) -> Endpoint | None:
        return Endpoints(self.aws.client("sagemaker")).describe(endpoint)

    def lost_endpoint(self, model: str) -> str | None:
        """The endpoint that a live version should have and that somebody deleted."""
        record = self.production.get(model)
        live = record.live
        if live is None or record.arriving is not None or self.described(live.endpoint_name) is not None:
            return None
        return live.endpoint_name

    def why_not_served(self, model: str) -> str:
        """Of a model without an endpoint. Raises BadInputError where there is no such model."""
        self.check_model(model)
        lost, live = self.lost_endpoint(model), self.production.get(model).live
        if lost is None or live is None:
            return f"{model} has no endpoint. Approve a version first: sluice models {model}"
        return (
            f"{model} v{live.package.version} is live, but its endpoint {lost} is gone: somebody deleted it. Bring it "
            f"back: sluice traffic {model} --set v{live.package.version}=100 --reason …"
        )

    def approved(self, model: str) -> list[PackageRef]:
        """The newest first."""
        return [PackageRef(one.arn, one.number) for one in self.versions(model) if one.approval_status == "Approved"]

    def model_names(self) -> list[str]:
        """Every folder under models/ whose name a model may have, in alphabetical order."""
        return [name for name in self._folders() if is_model_name(name)]

    def misnamed_folders(self) -> list[str]:
        """What lies under models/ and can be no model."""
        return [name for name in self._folders() if not is_model_name(name)]

    def _folders(self) -> list[str]:
        pages = (
            self.aws.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.stack.bucket, Prefix="models/", Delimiter="/")
        )
        folders = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        return sorted(folder.split("/")[1] for folder in folders)

    def newest_upload(self, model: str) -> datetime | None:
        """When the newest data file came; None when there is none."""
        pages = (
            self.aws.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.stack.bucket, Prefix=ModelPrefix(model).raw)
        )
        return max((entry["LastModified"] for page in pages for entry in page.get("Contents", [])), default=None)

    def check_model(self, model: str) -> None:
        """Raises BadInputError with the names that are close, or all of them, when there is no such model."""
        names = self.model_names()
        if model in names:
            return
        close = difflib.get_close_matches(model, names, n=3)
        if not close and not is_model_name(model):
            raise BadInputError(f"{model!r} is no model's name: {MODEL_NAME_RULE}")
        known = f"Did you mean {', '.join(close)}?" if close else f"There are: {', '.join(names) or 'none yet'}"
        raise BadInputError(f"there is no model {model!r} in {self.stack.bucket}. {known}")

    def versions(self, model: str, limit: int | None = None) -> list[Version]:
        """The newest first."""
        return versions_of(self.aws.client("sagemaker"), self.stack.package_group(model), limit)

    def package(self, model: str, version: str) -> Package:
        """By `3`, `v3`, `latest` or `live`."""
        if version == LIVE:
            return self._live_package(model)
        wanted = parse_version(version)
        versions = self.versions(model, limit=1 if wanted is None else None)
        if not versions:
            self.check_model(model)
            raise OperationFailedError(f"{model} has no version yet. See its runs: sluice runs {model}")
        found = next((one for one in versions if wanted in (None, one.number)), None)
        if found is None:
            numbers = ", ".join(str(one.number) for one in versions)
            raise BadInputError(f"{model} has no version {wanted}. It has: {numbers}")
        return self.registry.package(found.arn)

    def _live_package(self, model: str) -> Package:
        live = self.production.get(model).live
        if live is None:
            self.check_model(model)
            raise OperationFailedError(
                f"no version of {model} is in production. See its versions: sluice models {model}"
            )
        return self.registry.package(live.package.arn)


def parse_version(text: str) -> int | None:
    """None for `latest`."""
    if text == "latest":
        return None
    digits = text.removeprefix("v")
    if not digits.isdecimal() or int(digits) < 1:
        raise BadInputError(f"version {text!r}: write a number as in 3 or v3, latest, or live")
    return int(digits)


def install_at(aws: Aws) -> Installation:
    return Installation(aws, find_stack(aws))
