"""Production variants as CreateEndpointConfig takes them."""

from typing import Any


def instances(model: str = "m1", name: str = "AllTraffic", **more: Any) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1} | more


def serverless(model: str = "m1", **config: Any) -> dict[str, Any]:
    merged = {"MemorySizeInMB": 2048, "MaxConcurrency": 5} | config
    return {"VariantName": "AllTraffic", "ModelName": model, "ServerlessConfig": merged}
