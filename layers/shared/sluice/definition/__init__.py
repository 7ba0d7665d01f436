"""The model definition: `model.yaml`, one file per model, every field documented with its unit and default."""

from sluice.definition.batch import Batch
from sluice.definition.data import Data, Feature, Missing, Split, Task
from sluice.definition.deployment import Asynchronous, Autoscaling, Deployment, Mode, MultiModel, RealTime, Serverless
from sluice.definition.evaluation import EvaluationPolicy
from sluice.definition.gate import (
    CalibrationRule,
    ChampionComparison,
    DataRule,
    Gate,
    LeakageRule,
    MetricThreshold,
    SliceRule,
)
from sluice.definition.model import Approval, Model
from sluice.definition.monitoring import Monitoring
from sluice.definition.processing import Processing
from sluice.definition.reading import DefinitionError, parse_definition
from sluice.definition.training import Training
from sluice.definition.tuning import Tuning
from sluice.definition.validation import Validation

__all__ = [
    "Approval",
    "Asynchronous",
    "Autoscaling",
    "Batch",
    "CalibrationRule",
    "ChampionComparison",
    "Data",
    "DataRule",
    "DefinitionError",
    "Deployment",
    "EvaluationPolicy",
    "Feature",
    "Gate",
    "LeakageRule",
    "MetricThreshold",
    "Missing",
    "Mode",
    "Model",
    "Monitoring",
    "MultiModel",
    "Processing",
    "RealTime",
    "Serverless",
    "SliceRule",
    "Split",
    "Task",
    "Training",
    "Tuning",
    "Validation",
    "parse_definition",
]
