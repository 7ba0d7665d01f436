"""The model registry: model package groups, and the versions in them."""

from localcloud.sagemaker.registry.registry import Registry

__all__ = ["Registry"]
