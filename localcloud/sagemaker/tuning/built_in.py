"""What SageMaker knows of its own XGBoost image: the metrics that a search may improve without defining them.

Source: SageMaker Developer Guide, "Tune an XGBoost Model"; the expressions are those that DescribeTrainingJob shows for
the built-in algorithm, which prints as `xgboost.train` does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from localcloud.sagemaker.images import repository

_XGBOOST: Final = "sagemaker-xgboost"
_METRICS: Final = (
    "accuracy", "auc", "error", "f1", "logloss", "mae", "map", "merror", "mlogloss", "mse", "ndcg", "rmse",
)  # fmt: skip
_NUMBER: Final = "([-+]?[0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"


def metric_definitions(specification: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """Of an AlgorithmSpecification: its own, or those of the image."""
    own: Sequence[Mapping[str, str]] = specification.get("MetricDefinitions", ())
    if own or repository(specification.get("TrainingImage", "")) != _XGBOOST:
        return own
    return [
        {"Name": f"{data}:{metric}", "Regex": f".*\\[[0-9]+\\].*#011{data}-{metric}:{_NUMBER}.*"}
        for data in ("train", "validation")
        for metric in _METRICS
    ]
