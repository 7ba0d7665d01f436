"""What a gate may ask for is what evaluate.py measures."""

import pytest

from evaluation import binary, multiclass, regression
from sluice.definition import Task
from sluice.definition.gate import METRICS_OF_TASK


@pytest.mark.parametrize(
    ("task", "measured"),
    [("binary", binary.NAMES), ("multiclass", multiclass.NAMES), ("regression", regression.NAMES)],
)
def test_every_metric_of_a_task_can_be_asked_for(task: Task, measured: tuple[str, ...]) -> None:
    assert set(METRICS_OF_TASK[task]) == set(measured)
