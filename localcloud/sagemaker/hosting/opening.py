"""Which kind of variant serves a spec."""

from localcloud.sagemaker.hosting.multi_model import MultiModelVariant
from localcloud.sagemaker.hosting.shadow import ShadowedVariant
from localcloud.sagemaker.hosting.variants import InstanceVariant, MakeServer, ServerlessVariant, Variant, VariantSpec


def open_variant(spec: VariantSpec, make_server: MakeServer, idle_seconds: float, count: int | None = None) -> Variant:
    """`count`: with how many instances it begins, if not with all of the spec's."""
    if spec.serverless:
        return ServerlessVariant(spec, make_server, idle_seconds)
    if spec.model.multi_model:
        return MultiModelVariant(spec, make_server, count)
    if spec.shadow:
        return ShadowedVariant(spec, spec.shadow, make_server, count)
    return InstanceVariant(spec, make_server, count)
