"""Endpoint configs: which models, on how much, with which share of the traffic."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.config_checks import check_config
from localcloud.sagemaker.hosting.models import Models
from localcloud.sagemaker.hosting.refusals import invalid
from localcloud.sagemaker.hosting.variant_specs import variant_specs
from localcloud.sagemaker.hosting.variants import VariantSpec
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore

_GROUPS: Final = ("ProductionVariants", "ShadowProductionVariants")


class EndpointConfigs:
    def __init__(self, cloud: Cloud, tags: TagStore, models: Models) -> None:
        self._cloud = cloud
        self._tags = tags
        self._models = models
        self._lock = threading.RLock()
        self._configs: dict[str, Mapping[str, Any]] = {}

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateEndpointConfig": self._create,
            "DescribeEndpointConfig": self._describe,
            "ListEndpointConfigs": self._list,
            "DeleteEndpointConfig": self._delete,
        }

    def arn(self, name: str) -> str:
        return arn(self._cloud, "endpoint-config", name)

    def get(self, name: str) -> Mapping[str, Any]:
        config = self._configs.get(self.arn(name))
        if config is None:
            raise invalid(f'Could not find endpoint configuration "{self.arn(name)}".')
        return config

    def variants(self, name: str) -> list[VariantSpec]:
        """The config's variants with their models as they are now; ValidationException when one is gone."""
        return variant_specs(self.get(name), self._models)

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        config_arn = self.arn(request["EndpointConfigName"])
        self._cloud.authorize(call.caller, "sagemaker:CreateEndpointConfig", config_arn)
        self._tags.authorize(call.caller, config_arn, request.get("Tags", []))
        check_config(request, self._models)
        with self._lock:
            if config_arn in self._configs:
                raise invalid(f'Cannot create already existing endpoint configuration "{config_arn}".')
            recorded = {name: value for name, value in request.items() if name != "Tags"}
            weighted = {group: _weighted(request[group]) for group in _GROUPS if group in request}
            made = {"EndpointConfigArn": config_arn, "CreationTime": datetime.now(UTC)}
            self._configs[config_arn] = recorded | weighted | made
        self._tags.register(config_arn, request.get("Tags", []))
        return {"EndpointConfigArn": config_arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input["EndpointConfigName"]
        self._cloud.authorize(call.caller, "sagemaker:DescribeEndpointConfig", self.arn(name))
        return dict(self.get(name))

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListEndpointConfigs", "*")
        with self._lock:
            configs = [{**config, "LastModifiedTime": config["CreationTime"]} for config in self._configs.values()]
        request = {"SortOrder": "Descending", **call.input}
        shown, token = page(select(configs, request, "EndpointConfigName", "EndpointConfigArn"), request)
        names = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        return {"EndpointConfigs": [{name: config[name] for name in names} for config in shown], "NextToken": token}

    def _delete(self, call: Call) -> dict[str, Any]:
        """Allowed while an endpoint uses it, as on AWS: the endpoint then goes on, but cannot be updated."""
        name = call.input["EndpointConfigName"]
        self._cloud.authorize(call.caller, "sagemaker:DeleteEndpointConfig", self.arn(name))
        with self._lock:
            self.get(name)
            del self._configs[self.arn(name)]
        self._tags.forget(self.arn(name))
        return {}


def _weighted(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"InitialVariantWeight": 1.0, **variant} for variant in variants]
