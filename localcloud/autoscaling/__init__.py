"""Application Auto Scaling for endpoint variants: targets, policies, and the changes of capacity that they make."""

from localcloud.autoscaling.service import ApplicationAutoScaling

__all__ = ["ApplicationAutoScaling"]
