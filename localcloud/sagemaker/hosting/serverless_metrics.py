"""How much of its concurrency a serverless variant used when a request began, under CloudWatch's names."""

from collections.abc import Mapping

from localcloud.sagemaker.hosting.variants import VariantSpec


def concurrency_metrics(spec: VariantSpec, concurrent: int) -> dict[str, Mapping[str, float]]:
    """By unit, then by metric name; empty for instances. `concurrent` counts the request itself."""
    if not spec.serverless or not concurrent:
        return {}
    shares = {"ServerlessConcurrentExecutionsUtilization": concurrent / spec.max_concurrency}
    provisioned = spec.provisioned_concurrency
    if not provisioned:
        return {"None": shares}
    served = min(concurrent, provisioned)
    spilled = concurrent > provisioned
    counts = {
        "ServerlessProvisionedConcurrencyExecutions": float(served),
        "ServerlessProvisionedConcurrencyInvocations": float(not spilled),
        "ServerlessProvisionedConcurrencySpilloverInvocations": float(spilled),
    }
    return {"None": shares | {"ServerlessProvisionedConcurrencyUtilization": served / provisioned}, "Count": counts}
