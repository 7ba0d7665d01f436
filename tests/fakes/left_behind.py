"""SageMaker, CloudWatch's alarms and the aliases in memory, as far as removing what is left needs them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sluice.alias import Alias
from tests.fakes.aws_clients import client_error

LISTS = {
    "list_endpoints": ("Endpoints", "EndpointName"),
    "list_endpoint_configs": ("EndpointConfigs", "EndpointConfigName"),
    "list_models": ("Models", "ModelName"),
}


@dataclass
class FakePages:
    pages: list[dict[str, Any]]

    def paginate(self, **asked: str) -> Iterator[dict[str, Any]]:
        (part,) = asked.values()
        for page in self.pages:
            yield {members: [one for one in found if _is_asked(one, part)] for members, found in page.items()}


def _is_asked(found: dict[str, Any], part: str) -> bool:
    return any(part in str(value) for name, value in found.items() if name.endswith("Name"))


@dataclass
class FakeHosting:
    """`config_of` names what each endpoint serves; `denied` holds names that cannot be deleted."""

    made_at: datetime
    config_of: dict[str, str] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    status: dict[str, str] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    changed_at: datetime | None = None
    monitors: dict[str, str] = field(default_factory=dict)
    """The endpoint of each of Model Monitor's schedules."""

    def serve(self, endpoint: str, config: str, *variants: str) -> None:
        self.config_of[endpoint] = config
        self.leave(config, *variants)

    def leave(self, config: str, *variants: str) -> None:
        """A config and the model of its name."""
        self.models.add(config)
        named = [{"VariantName": variant, "ModelName": config} for variant in variants or ("AllTraffic",)]
        self.configs[config] = {"ProductionVariants": named}

    def get_paginator(self, operation: str) -> FakePages:
        if operation == "list_monitoring_schedules":
            found = [{"MonitoringScheduleName": name, "EndpointName": self.monitors[name]} for name in self.monitors]
            return FakePages([{"MonitoringScheduleSummaries": [one]} for one in found])
        members, name = LISTS[operation]
        names = {"Endpoints": self.config_of, "EndpointConfigs": self.configs, "Models": self.models}[members]
        found = [{name: one, "CreationTime": self.made_at} for one in sorted(names)]
        return FakePages([{members: [one]} for one in found] or [{members: []}])

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if EndpointName not in self.config_of:
            raise client_error("ValidationException", "Could not find endpoint.", "DescribeEndpoint")
        config = self.config_of[EndpointName]
        found = {
            "EndpointName": EndpointName,
            "EndpointConfigName": config,
            "EndpointStatus": self.status.get(EndpointName, "InService"),
            "LastModifiedTime": self.changed_at or self.made_at,
            "ProductionVariants": self.configs.get(config, {}).get("ProductionVariants", []),
        }
        pending = self.pending.get(EndpointName)
        return {**found, **({"PendingDeploymentSummary": {"EndpointConfigName": pending}} if pending else {})}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        if EndpointConfigName not in self.configs:
            raise client_error(
                "ValidationException", "Could not find endpoint configuration.", "DescribeEndpointConfig"
            )
        return self.configs[EndpointConfigName]

    def delete_monitoring_schedule(self, MonitoringScheduleName: str) -> None:
        del self.monitors[MonitoringScheduleName]

    def delete_endpoint(self, EndpointName: str) -> None:
        if EndpointName in self.monitors.values():
            raise client_error("ValidationException", "Cannot delete endpoint: it is monitored.", "DeleteEndpoint")
        self._delete("endpoint", self.config_of, EndpointName)

    def delete_endpoint_config(self, EndpointConfigName: str) -> None:
        self._delete("endpoint configuration", self.configs, EndpointConfigName)

    def delete_model(self, ModelName: str) -> None:
        if ModelName in self.denied or ModelName not in self.models:
            self._delete("model", {}, ModelName)
        self.models.remove(ModelName)

    def _delete(self, kind: str, things: dict[str, Any], name: str) -> None:
        if name in self.denied:
            raise client_error("AccessDeniedException", f"not authorized to delete {name}", "Delete")
        if name not in things:
            raise client_error("ValidationException", f"Could not find {kind}.", "Delete")
        del things[name]


@dataclass
class FakeAlarmList:
    made_at: datetime
    names: list[str] = field(default_factory=list)

    def get_paginator(self, operation: str) -> FakePages:
        assert operation == "describe_alarms"
        found = [{"AlarmName": name, "AlarmConfigurationUpdatedTimestamp": self.made_at} for name in self.names]
        return FakePages([{"MetricAlarms": found}])

    def delete_alarms(self, AlarmNames: list[str]) -> None:
        for name in AlarmNames:
            self.names.remove(name)


@dataclass
class FakeScaling:
    stopped: list[tuple[str, str]] = field(default_factory=list)

    def stop(self, endpoint: str, variants: list[str]) -> None:
        self.stopped += [(endpoint, variant) for variant in variants]


@dataclass
class FakeAliases:
    of: dict[str, Alias] = field(default_factory=dict)

    def point(self, model: str, endpoint: str, version: int = 6) -> None:
        self.of[model] = Alias(model, endpoint, "real-time", version, "s3://d", {"AllTraffic": version})

    def get(self, model: str) -> Alias | None:
        return self.of.get(model)

    def all(self) -> list[Alias]:
        return sorted(self.of.values(), key=lambda alias: alias.model)

    def remove(self, model: str) -> None:
        self.of.pop(model, None)
