"""What DescribeEndpoint and the deployment events say of variants: those that serve, and those that are to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.shadow import ShadowedVariant
from localcloud.sagemaker.hosting.variants import VariantSpec


@dataclass(frozen=True)
class VariantStatus:
    """`status` is one of SageMaker's: Creating, Updating, Deleting, ActivatingTraffic, Baking."""

    status: str
    message: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def described(self) -> list[dict[str, Any]]:
        return [{"Status": self.status, "StatusMessage": self.message, "StartTime": self.since}]


@dataclass
class PendingDeployment:
    """What an endpoint is on its way to. `active` holds, by variant, the instances that have traffic already."""

    config_name: str
    specs: Sequence[VariantSpec]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    active: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, VariantStatus] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        return {
            "EndpointConfigName": self.config_name,
            "StartTime": self.started,
            "ProductionVariants": [self._variant(spec) for spec in self.specs],
        }

    def _variant(self, spec: VariantSpec) -> dict[str, Any]:
        summary = _summary(spec, spec.weight, self.started, self.statuses.get(spec.name))
        if spec.serverless:
            return summary | {"DesiredServerlessConfig": _serverless(spec)}
        current = self.active.get(spec.name, 0)
        return summary | {"CurrentInstanceCount": current, "DesiredInstanceCount": spec.instance_count}


def live_variants(fleet: Fleet, deployed: datetime, statuses: Mapping[str, VariantStatus]) -> list[dict[str, Any]]:
    weights = fleet.weights()
    summaries = []
    for variant in fleet.variants:
        spec = variant.spec
        summary = _summary(spec, weights[spec.name], deployed, statuses.get(spec.name))
        summary |= {"CurrentInstanceCount": variant.instance_count}
        if spec.serverless:
            summary |= {"CurrentServerlessConfig": _serverless(spec)}
        else:
            summary |= {"DesiredInstanceCount": spec.instance_count}
        summaries.append(summary)
    return summaries


def shadow_variants(fleet: Fleet, deployed: datetime) -> list[dict[str, Any]]:
    shadows = [variant.shadow for variant in fleet.variants if isinstance(variant, ShadowedVariant)]
    return [
        _summary(shadow.spec, shadow.spec.weight, deployed, None)
        | {"CurrentInstanceCount": shadow.instance_count, "DesiredInstanceCount": shadow.spec.instance_count}
        for shadow in shadows
    ]


def _summary(spec: VariantSpec, weight: float, resolved: datetime, status: VariantStatus | None) -> dict[str, Any]:
    image = {"SpecifiedImage": spec.model.image, "ResolvedImage": spec.model.image, "ResolutionTime": resolved}
    summary = {
        "VariantName": spec.name,
        "DeployedImages": [image],
        "CurrentWeight": weight,
        "DesiredWeight": spec.weight,
    }
    return summary | ({"VariantStatus": status.described()} if status else {})


def _serverless(spec: VariantSpec) -> dict[str, Any]:
    config = {"MemorySizeInMB": spec.memory_mb, "MaxConcurrency": spec.max_concurrency}
    return config | ({"ProvisionedConcurrency": spec.provisioned_concurrency} if spec.provisioned_concurrency else {})
