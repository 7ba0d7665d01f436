"""`deployment`: how an approved version serves, and how it gets there."""

from typing import Annotated, Literal

from pydantic import Field

from sluice.definition.deployment.alarms import Alarms
from sluice.definition.deployment.asynchronous import Asynchronous, BacklogScaling
from sluice.definition.deployment.capture import Capture
from sluice.definition.deployment.instances import Autoscaling, Instances
from sluice.definition.deployment.multi_model import MultiModel
from sluice.definition.deployment.real_time import RealTime
from sluice.definition.deployment.rollout import (
    AbTest,
    AllAtOnce,
    Canary,
    Linear,
    Rolling,
    Rollout,
    Shadow,
    TrafficStep,
    Trial,
)
from sluice.definition.deployment.serverless import Serverless

Mode = Literal["serverless", "real-time", "asynchronous", "multi-model"]

Deployment = Annotated[Serverless | RealTime | Asynchronous | MultiModel, Field(discriminator="mode")]

__all__ = [
    "AbTest",
    "Alarms",
    "AllAtOnce",
    "Asynchronous",
    "Autoscaling",
    "BacklogScaling",
    "Canary",
    "Capture",
    "Deployment",
    "Instances",
    "Linear",
    "Mode",
    "MultiModel",
    "RealTime",
    "Rolling",
    "Rollout",
    "Serverless",
    "Shadow",
    "TrafficStep",
    "Trial",
]
