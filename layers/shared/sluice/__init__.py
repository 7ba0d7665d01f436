"""Sluice's domain: values and pure decisions. AWS is reached only through `sluice.aws`."""
