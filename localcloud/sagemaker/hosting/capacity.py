"""UpdateEndpointWeightsAndCapacities: what it may ask of the variants in service, and how they get there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.refusals import invalid, refuse_members
from localcloud.sagemaker.hosting.variant_status import VariantStatus
from localcloud.sagemaker.hosting.variants import Variant, VariantSpec


@dataclass(frozen=True)
class Desired:
    """What one variant is to become; None: as it is."""

    variant: str
    weight: float | None = None
    instance_count: int | None = None
    max_concurrency: int | None = None

    def applied(self, spec: VariantSpec) -> VariantSpec:
        return replace(
            spec,
            weight=spec.weight if self.weight is None else self.weight,
            instance_count=spec.instance_count if self.instance_count is None else self.instance_count,
            max_concurrency=self.max_concurrency or spec.max_concurrency,
        )


def read_desired(changes: Sequence[Mapping[str, Any]]) -> list[Desired]:
    """The request's DesiredWeightsAndCapacities."""
    desired = []
    for index, change in enumerate(changes):
        update = change.get("ServerlessUpdateConfig", {})
        refuse_members(
            update, ["ProvisionedConcurrency"], f"DesiredWeightsAndCapacities[{index}].ServerlessUpdateConfig."
        )
        desired.append(
            Desired(
                change["VariantName"],
                change.get("DesiredWeight"),
                change.get("DesiredInstanceCount"),
                update.get("MaxConcurrency"),
            )
        )
    return desired


def check_desired(desired: Sequence[Desired], fleet: Fleet, may_be_zero: bool) -> None:
    """ValidationException for what these variants cannot become. `may_be_zero`: an asynchronous endpoint may sleep."""
    names = [each.variant for each in desired]
    for index, each in enumerate(desired):
        place = f"DesiredWeightsAndCapacities[{index}]"
        variant = fleet.find(each.variant)
        if variant is None:
            raise invalid(f'{place}: could not find variant "{each.variant}" of the endpoint.')
        if names.count(each.variant) > 1:
            raise invalid(f'The variant name "{each.variant}" was non-unique within the request.')
        _check_kind(each, variant.spec, place)
        if each.instance_count is not None and each.instance_count < (0 if may_be_zero else 1):
            raise invalid(f"{place}.DesiredInstanceCount must be at least 1; only an asynchronous endpoint can have 0")


def apply(endpoint: Endpoint, fleet: Fleet, desired: Sequence[Desired]) -> None:
    """Return when the variants are what is asked; DeploymentFailed when an instance does not come up."""
    changes = {each.variant: each for each in desired}
    changed = [variant for variant in fleet.variants if variant.spec.name in changes]
    for variant in changed:
        variant.spec = changes[variant.spec.name].applied(variant.spec)
    # What can fail comes first: nothing has ended yet when an instance does not come up.
    changed.sort(key=lambda variant: variant.instance_count - variant.spec.instance_count)
    for variant in changed:
        _resize(endpoint, variant)
    fleet.set_weights({variant.spec.name: variant.spec.weight for variant in changed})


def restore(endpoint: Endpoint, fleet: Fleet, specs: Mapping[str, VariantSpec]) -> None:
    """Back to what was desired before; instances that there are too many of end, none is started."""
    for variant in fleet.variants:
        variant.spec = specs[variant.spec.name]
        if variant.instance_count > variant.spec.instance_count:
            _resize(endpoint, variant)


def _resize(endpoint: Endpoint, variant: Variant) -> None:
    count = variant.spec.instance_count
    if variant.spec.serverless or count == variant.instance_count:
        return
    way = "out" if count > variant.instance_count else "in"
    told = VariantStatus("Updating", f"Scaling {way} desired instance count to {count}.")
    endpoint.report_live({variant.spec.name: told})
    variant.resize(count)


def _check_kind(desired: Desired, spec: VariantSpec, place: str) -> None:
    if spec.serverless and desired.instance_count is not None:
        raise invalid(f"{place}.DesiredInstanceCount cannot be given for the serverless variant {spec.name}")
    if not spec.serverless and desired.max_concurrency is not None:
        raise invalid(f"{place}.ServerlessUpdateConfig cannot be given for {spec.name}: it is not serverless")
