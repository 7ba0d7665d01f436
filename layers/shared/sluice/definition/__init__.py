"""The model definition: `model.yaml`, one file per model, every field documented with its unit and default."""

from sluice.definition.data import Data, Feature, Split
from sluice.definition.deployment import Autoscaling, Deployment, RealTime, Serverless
from sluice.definition.gate import ChampionComparison, Gate, MetricThreshold
from sluice.definition.model import Approval, Model
from sluice.definition.monitoring import Monitoring
from sluice.definition.reading import DefinitionError, parse_definition
from sluice.definition.training import Training
from sluice.definition.tuning import Tuning

__all__ = [
    "Approval",
    "Autoscaling",
    "ChampionComparison",
    "Data",
    "DefinitionError",
    "Deployment",
    "Feature",
    "Gate",
    "MetricThreshold",
    "Model",
    "Monitoring",
    "RealTime",
    "Serverless",
    "Split",
    "Training",
    "Tuning",
    "parse_definition",
]
