"""Which kind of variant serves a spec."""

from localcloud.sagemaker.hosting.multi_model import MultiModelVariant
from localcloud.sagemaker.hosting.shadow import ShadowedVariant
from localcloud.sagemaker.hosting.variants import InstanceVariant, MakeServer, ServerlessVariant, Variant, VariantSpec


def open_variant(spec: VariantSpec, make_server: MakeServer, idle_seconds: float) -> Variant:
    if spec.serverless:
        return ServerlessVariant(spec, make_server, idle_seconds)
    if spec.model.multi_model:
        return MultiModelVariant(spec, make_server)
    if spec.shadow:
        return ShadowedVariant(spec, spec.shadow, make_server)
    return InstanceVariant(spec, make_server)
